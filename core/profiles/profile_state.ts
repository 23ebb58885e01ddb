/**
 * One profile while events are folded into it, and the two rows it is stored as.
 *
 * Unless a mapping says otherwise, a field holds the value of the event that is greatest by (event time, archive
 * position), whatever order the events come in. The profile's id is the archive position of its first event. So the same events give the same rows, in one
 * batch or in a thousand.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Change } from "./changes/change.ts";
import { type FieldFold, isLater, type Stamp } from "./field_fold.ts";
import type { TableRules } from "./table_rules.ts";

/** A profile as the database holds it. */
export interface StoredProfile {
  readonly id: number;
  /** Event time of its first event. */
  readonly at: number;
  /** JSON object with sorted keys. */
  readonly attributes: string;
  /** What it needs beyond its first event; null for a profile of one event. */
  readonly stamp: StoredStamp | null;
}

/** The second row of a profile that has met more than one event. */
export interface StoredStamp {
  readonly at: number;
  readonly position: number;
  /** JSON: field → what its fold keeps beside the value: for most, the stamp of one written before (`at`, `position`). */
  readonly fields: string | null;
  /** JSON: field → identity values other than the field's present one. */
  readonly identities: string | null;
}

/** The stamp of the latest event that wrote to a stored profile. */
export function latestStamp(profile: StoredProfile): Stamp {
  return profile.stamp === null ? [profile.at, profile.id] : [profile.stamp.at, profile.stamp.position];
}

/** A field of a profile being changed. */
interface Field {
  readonly fold: FieldFold;
  state: unknown;
}

/** A profile being changed. */
export class ProfileState {
  readonly #fields = new Map<string, Field>();
  readonly #identities = new Map<string, Set<string>>();
  /** Stamp of the latest event. */
  #latest: Stamp;

  private constructor(public id: number, public at: number, latest: Stamp, private readonly rules: TableRules) {
    this.#latest = latest;
  }

  /** A profile made by one event. `attributes` is a JSON object. */
  static ofEvent(rules: TableRules, attributes: string, stamp: Stamp): ProfileState {
    const state = new ProfileState(stamp[1], stamp[0], stamp, rules);
    state.apply(attributes, stamp);
    return state;
  }

  /** A profile made by one event of a profile import. */
  static ofChanges(rules: TableRules, changes: readonly NamedChange[], stamp: Stamp): ProfileState {
    const state = new ProfileState(stamp[1], stamp[0], stamp, rules);
    state.change(changes, stamp);
    return state;
  }

  /** A profile as it is stored. */
  static ofStored(rules: TableRules, stored: StoredProfile): ProfileState {
    const latest = latestStamp(stored);
    const state = new ProfileState(stored.id, stored.at, latest, rules);
    const beside: Record<string, JsonValue> = parseJson(stored.stamp?.fields ?? "{}");
    for (const [name, value] of entries(stored.attributes)) {
      const fold = rules.foldOf(name);
      const kept = Object.hasOwn(beside, name) ? beside[name] : undefined;
      state.#fields.set(name, { fold, state: fold.restore(value, kept, latest) });
      state.#identify(name, value);
    }
    for (const [name, kept] of Object.entries(beside)) {
      const fold = rules.foldOf(name);
      // Deleted, or a set that has no member.
      if (fold.change === undefined || state.#fields.has(name)) continue;
      state.#fields.set(name, { fold, state: fold.restore(undefined, kept, latest) });
    }
    const identities: Record<string, string[]> = parseJson(stored.stamp?.identities ?? "{}");
    for (const [field, values] of Object.entries(identities)) {
      for (const value of values) state.#addIdentity(field, value);
    }
    return state;
  }

  /** Folds one event in. */
  apply(attributes: string, stamp: Stamp): void {
    this.#meet(stamp);
    for (const [name, value] of entries(attributes)) {
      const fold = this.rules.foldOf(name);
      this.#join(name, fold, fold.start(value, stamp));
      this.#identify(name, value);
    }
  }

  /** Folds one event of a profile import in. What a mapping alone says is changed by assignments, and by nothing else. */
  change(changes: readonly NamedChange[], stamp: Stamp): void {
    this.#meet(stamp);
    for (const [name, change] of changes) {
      const fold = this.rules.foldOf(name);
      if (fold.change !== undefined) this.#join(name, fold, fold.change(change, stamp));
      else if (change.kind === "assign" && change.value !== undefined) {
        this.#join(name, fold, fold.start(change.value, stamp));
      }
      for (const value of namesIn(change)) this.#identify(name, value);
    }
  }

  /** The value that a change finds in its way at its stamp: one that it cannot change. */
  misfit(name: string, change: Change, stamp: Stamp): JsonValue | undefined {
    const field = this.#fields.get(name);
    return field?.fold.misfit?.(field.state, change, stamp);
  }

  /** Folds another profile in: the older id stays. */
  absorb(other: ProfileState): void {
    if (other.id < this.id) [this.at, this.id] = [other.at, other.id];
    if (isLater(other.#latest, this.#latest)) this.#latest = other.#latest;
    for (const [name, { fold, state }] of other.#fields) this.#join(name, fold, state);
    for (const [field, values] of other.#identities) for (const value of values) this.#addIdentity(field, value);
  }

  /** Whether the identity names this profile. */
  has(field: string, value: string): boolean {
    return this.#identities.get(field)?.has(value) === true || this.#present(field).includes(value);
  }

  /** Every identity, by field, in order. */
  identities(): Record<string, string[]> {
    return Object.fromEntries(
      [...this.#identities].sort(byName).map(([field, values]) => [field, [...values].sort()]),
    );
  }

  /** Identity fields of which it has more values than the table's rules think likely. */
  crowded(): string[] {
    const { mostValues } = this.rules.identity;
    const fields: string[] = [];
    for (const [field, values] of this.#identities) if (values.size > mostValues) fields.push(field);
    return fields.sort();
  }

  /** The rows it is stored as. */
  store(): StoredProfile {
    const fields = [...this.#fields].sort(byName);
    const latest = this.#latest;
    const beside = fields.flatMap(([name, { fold, state }]) => {
      const kept = fold.beside(state, latest);
      return kept === undefined ? [] : [[name, kept] as const];
    });
    const others = [...this.#identities].sort(byName).flatMap(([field, values]) => {
      const present = this.#present(field);
      const rest = [...values].filter((value) => !present.includes(value)).sort();
      return rest.length === 0 ? [] : [[field, rest] as const];
    });
    const first = latest[0] === this.at && latest[1] === this.id && beside.length === 0 && others.length === 0;
    return {
      id: this.id,
      at: this.at,
      attributes: objectText(fields.flatMap(([name, { fold, state }]) => {
        const value = fold.value(state);
        return value === undefined ? [] : [[name, value] as const];
      })),
      stamp: first ? null : {
        at: latest[0],
        position: latest[1],
        fields: beside.length === 0 ? null : objectText(beside),
        identities: others.length === 0 ? null : objectText(others),
      },
    };
  }

  #meet(stamp: Stamp): void {
    if (stamp[1] < this.id) [this.at, this.id] = stamp;
    if (isLater(stamp, this.#latest)) this.#latest = stamp;
  }

  #join(name: string, fold: FieldFold, state: unknown): void {
    const field = this.#fields.get(name);
    if (field === undefined) this.#fields.set(name, { fold, state });
    else field.state = fold.join(field.state, state);
  }

  #identify(name: string, value: JsonValue): void {
    if (!this.rules.identifyBy.includes(name)) return;
    for (const identity of this.rules.identity.valuesOf(name, value)) this.#addIdentity(name, identity);
  }

  /** The identities that a field's value is. */
  #present(name: string): string[] {
    const field = this.#fields.get(name);
    return field === undefined ? [] : this.rules.identity.valuesOf(name, field.fold.value(field.state));
  }

  #addIdentity(field: string, value: string): void {
    const values = this.#identities.get(field);
    if (values === undefined) this.#identities.set(field, new Set([value]));
    else values.add(value);
  }
}

/** An attribute, and what an event does to it. */
export type NamedChange = readonly [name: string, change: Change];

/** The values by which a change may name its profile. */
export function namesIn(change: Change): JsonValue[] {
  if (change.kind === "assign") return change.value === undefined ? [] : [change.value];
  return change.kind === "set" ? change.members.filter(({ added }) => added).map(({ value }) => value) : [];
}

function entries(attributes: string): [string, JsonValue][] {
  return Object.entries(parseJson<Record<string, JsonValue>>(attributes));
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

/** A JSON object written key by key, so that `__proto__` and number-like keys keep their place. */
function objectText(pairs: readonly (readonly [string, unknown])[]): string {
  return `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}
