/**
 * How the values that events give one profile field become one value, whatever order the events come in.
 *
 * A fold is commutative and associative, so that the same events give the same field in one batch or in a thousand.
 * What it needs beyond the field's value is kept beside it, in the profile's second row.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import { compareTexts } from "../lql/mod.ts";
import type { Change } from "./changes/change.ts";

/** When a field was last written: event time, then archive position. */
export type Stamp = readonly [at: number, position: number];

/** Whether `a` is later than `b`. */
export function isLater(a: Stamp, b: Stamp): boolean {
  return a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
}

/** One way to fold; `State` is what it holds of a field while a profile is being changed. */
export interface FieldFold<State = unknown> {
  /**
   * Whether an event that says again what the field says changes nothing but the stamp, which becomes its own where it
   * is later. Profiles are passed over by it.
   */
  readonly repeatable: boolean;
  /** What one event gives. */
  start(value: JsonValue, stamp: Stamp): State;
  /** What an event of a profile import gives; absent where a mapping alone says what the field holds. */
  change?(change: Change, stamp: Stamp): State;
  /** The value that a change finds in its way: one that it cannot change. Undefined where it can. */
  misfit?(state: State, change: Change, stamp: Stamp): JsonValue | undefined;
  /** Both together. */
  join(a: State, b: State): State;
  /** The field as the profile shows it; undefined where it shows none. */
  value(state: State): JsonValue | undefined;
  /** What must be kept beside the value; undefined where the value and the stamp of the latest event tell it. */
  beside(state: State, latest: Stamp): JsonValue | undefined;
  /** The state of a stored field. `value` is undefined where the profile shows none: a fold that takes changes alone. */
  restore(value: JsonValue | undefined, beside: JsonValue | undefined, latest: Stamp): State;
}

/** A value and when it was written. */
interface Written {
  readonly value: JsonValue;
  readonly stamp: Stamp;
}

/** The value of the first event that has one: seen again later, its stamp stays. */
export const oldestValue: FieldFold<Written> = {
  repeatable: false,
  start: (value, stamp) => ({ value, stamp }),
  join: (a, b) => isLater(b.stamp, a.stamp) ? a : b,
  value: ({ value }) => value,
  beside: ({ stamp }, latest) => isLater(latest, stamp) ? [...stamp] : undefined,
  restore: (value = null, beside, latest) => ({
    value,
    stamp: beside === undefined ? latest : beside as [number, number],
  }),
};

/** For each key of a map the value of the latest event that has the key. */
export const latestByKey: FieldFold = byKey(isLater, true);

/** For each key of a map the value of the first event that has the key. */
export const oldestByKey: FieldFold = byKey((a, b) => isLater(b, a), false);

function byKey(
  wins: (a: Stamp, b: Stamp) => boolean,
  repeatable: boolean,
): FieldFold<ReadonlyMap<string, Written>> {
  return {
    repeatable,
    start: (value, stamp) => new Map(entriesOf(value).map(([key, value]) => [key, { value, stamp }])),
    join: (a, b) => {
      const joined = new Map(a);
      for (const [key, written] of b) {
        const present = joined.get(key);
        if (present === undefined || wins(written.stamp, present.stamp)) joined.set(key, written);
      }
      return joined;
    },
    value: (state) => objectOf([...state].map(([key, { value }]) => [key, value])),
    beside: (state, latest) => {
      const older = [...state].filter(([, { stamp }]) => isLater(latest, stamp));
      return older.length === 0 ? undefined : objectOf(older.map(([key, { stamp }]) => [key, [...stamp]]));
    },
    restore: (value, beside, latest) => {
      const older = new Map(entriesOf(beside ?? {}));
      return new Map(
        entriesOf(value ?? {}).map((
          [key, value],
        ) => [key, { value, stamp: older.get(key) as Stamp | undefined ?? latest }]),
      );
    },
  };
}

/** Values that two make one of, whenever they came. */
export function mergedBy(
  merge: (a: JsonValue, b: JsonValue) => JsonValue,
  { repeatable }: Pick<FieldFold, "repeatable">,
): FieldFold<JsonValue> {
  return {
    repeatable,
    start: (value) => value,
    join: merge,
    value: (state) => state,
    beside: () => undefined,
    restore: (value = null) => value,
  };
}

function entriesOf(value: JsonValue): [string, JsonValue][] {
  return Object.entries(value as { [key: string]: JsonValue });
}

/** An object with its keys in the order in which a mapping gives them, of which `__proto__` is one like any other. */
function objectOf(entries: readonly (readonly [string, JsonValue])[]): { [key: string]: JsonValue } {
  const object: { [key: string]: JsonValue } = Object.create(null);
  for (const [key, value] of entries.toSorted(([a], [b]) => compareTexts(a, b))) object[key] = value;
  return object;
}
