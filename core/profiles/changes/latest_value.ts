/**
 * The fold of attributes that no mapping says more of: the latest value, and the changes made to it since.
 *
 * What was assigned (or deleted) last by stamp is the base; increments and changes of the set count where they are later
 * than it. They are kept one by one, with their stamps, as long as a base that is yet to come may lie between two of
 * them; of a member of a set the latest is enough. So every order gives the same.
 *
 * - A base that is a number is incremented, one that is a list is a set: what else was done to it does nothing.
 * - On nothing, the latest change says what it is: a number from 0 on, or a set. A set without members is nothing.
 *
 * @module
 */
import type { JsonValue } from "../../contracts/records.ts";
import { type FieldFold, isLater, type Stamp } from "../field_fold.ts";
import { type Change, type Decimal, isDecimal, joinMembers, splitMembers, sumOf } from "./change.ts";
import { changedSet, setKey, type SetMember } from "./set_value.ts";

/** A change that needs what was there. */
interface Operation {
  readonly stamp: Stamp;
  readonly change: Exclude<Change, { readonly kind: "assign" }>;
}

/** An attribute while its profile is being changed. */
interface Attribute {
  /** What was assigned last; undefined where nothing was, or where it was deleted. */
  readonly value: JsonValue | undefined;
  /** When; undefined where nothing was. */
  readonly stamp: Stamp | undefined;
  /** What came after, in the order of the stamps: the first `count` of these. Later states share them and add to them. */
  readonly operations: Operation[];
  readonly count: number;
  /** What it comes to, once somebody asked. */
  shown?: { readonly value: JsonValue | undefined };
}

const NO_OPERATIONS: Operation[] = [];

/** The latest value, and what was done to it. */
export const latestValue: FieldFold<Attribute> = {
  repeatable: true,
  start: (value, stamp) => ({ value, stamp, operations: NO_OPERATIONS, count: 0 }),
  change: (change, stamp) =>
    change.kind === "assign"
      ? { value: change.value, stamp, operations: NO_OPERATIONS, count: 0 }
      : { value: undefined, stamp: undefined, operations: [{ stamp, change }], count: 1 },
  misfit: (state, change, stamp) => {
    if (change.kind === "assign" || !isAfterBase(stamp, state)) return undefined;
    const value = valueOf(state);
    const fits = value === undefined || (change.kind === "increment" ? isDecimal(value) : Array.isArray(value));
    return fits ? undefined : value;
  },
  join,
  value: valueOf,
  beside: (state, latest) => {
    const { value, stamp, count } = state;
    if (stamp !== undefined && value !== undefined && count === 0) {
      return isLater(latest, stamp) ? [...stamp] : undefined;
    }
    return {
      ...(stamp === undefined ? {} : { base: [...stamp] }),
      ...(value === undefined ? {} : { value }),
      ...(count === 0 ? {} : { log: logOf(state) }),
    };
  },
  restore: (value, beside, latest) => {
    if (beside === undefined || Array.isArray(beside)) {
      const stamp = beside === undefined ? latest : beside as [number, number];
      return { value, stamp, operations: NO_OPERATIONS, count: 0 };
    }
    const kept = beside as Kept;
    const operations = (kept.log ?? []).map(operationOf);
    return { value: kept.value, stamp: kept.base, operations, count: operations.length };
  },
};

/** What stands beside an attribute that is more than a value. */
interface Kept {
  readonly base?: [number, number];
  readonly value?: JsonValue;
  readonly log?: readonly LogEntry[];
}

type LogEntry =
  | readonly [at: number, position: number, by: Decimal]
  | readonly [at: number, position: number, added: JsonValue[], removed: JsonValue[]];

function operationOf(entry: LogEntry): Operation {
  const stamp = [entry[0], entry[1]] as const;
  return entry.length === 3
    ? { stamp, change: { kind: "increment", by: entry[2] } }
    : { stamp, change: { kind: "set", members: joinMembers(entry[2], entry[3]) } };
}

/** The operations as they are stored: of each member only what was done to it last. */
function logOf(state: Attribute): JsonValue[] {
  const last = new Map<string, Operation>();
  for (const operation of operationsOf(state)) {
    if (operation.change.kind !== "set") continue;
    for (const { value } of operation.change.members) last.set(setKey(value), operation);
  }
  return operationsOf(state).flatMap((operation): JsonValue[] => {
    const { stamp, change } = operation;
    if (change.kind === "increment") return [[...stamp, change.by]];
    const members = change.members.filter(({ value }) => last.get(setKey(value)) === operation);
    return members.length === 0 ? [] : [[...stamp, ...splitMembers(members)]];
  });
}

function operationsOf({ operations, count }: Attribute): Operation[] {
  return operations.length === count ? operations : operations.slice(0, count);
}

function isAfterBase(stamp: Stamp, { stamp: base }: Pick<Attribute, "stamp">): boolean {
  return base === undefined || isLater(stamp, base);
}

function join(a: Attribute, b: Attribute): Attribute {
  const base = a.stamp === undefined ? b : b.stamp === undefined || isLater(a.stamp, b.stamp) ? a : b;
  if (a.count === 0 && b.count === 0) return base;
  const { value, stamp } = base;
  const [next] = b.operations;
  if (base === a && b.count === 1 && next !== undefined && isNext(next.stamp, a)) {
    // Others may have added to the list what this state does not have.
    const operations = a.count > 0 && a.operations.length === a.count ? a.operations : a.operations.slice(0, a.count);
    operations.push(next);
    return { value, stamp, operations, count: operations.length };
  }
  const operations = [...operationsOf(a), ...operationsOf(b)].filter((one) => isAfterBase(one.stamp, base))
    .sort((one, other) => isLater(one.stamp, other.stamp) ? 1 : -1);
  return { value, stamp, operations, count: operations.length };
}

/** Whether an operation is the latest that an attribute has. */
function isNext(stamp: Stamp, state: Attribute): boolean {
  const last = state.operations[state.count - 1];
  return isAfterBase(stamp, state) && (last === undefined || isLater(stamp, last.stamp));
}

function valueOf(state: Attribute): JsonValue | undefined {
  if (state.count === 0) return state.value;
  state.shown ??= { value: changedValue(state) };
  return state.shown.value;
}

function changedValue(state: Attribute): JsonValue | undefined {
  const { value, operations, count } = state;
  const isNumber = value === undefined ? operations[count - 1]!.change.kind === "increment" : isDecimal(value);
  if (isNumber) {
    let sum: Decimal | undefined = value as Decimal | undefined;
    for (const { change } of operationsOf(state)) {
      if (change.kind === "increment") sum = sumOf(sum ?? 0, change.by);
    }
    return sum;
  }
  if (value !== undefined && !Array.isArray(value)) return value;
  const members: SetMember[] = [];
  for (const { change } of operationsOf(state)) if (change.kind === "set") members.push(...change.members);
  return members.length === 0 ? value : changedSet(value, members);
}
