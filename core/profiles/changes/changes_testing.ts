/**
 * Changes for the tests of profile imports, and a plain fold to hold the real one against.
 *
 * @module
 */
import fc from "fast-check";
import type { JsonValue } from "../../contracts/records.ts";
import { exactSum, isDecimalText } from "../../lql/mod.ts";
import type { Stamp } from "../field_fold.ts";
import type { NamedChange } from "../profile_state.ts";
import { type Change, joinMembers } from "./change.ts";

/** Values of every kind that an attribute may hold. */
export const values: fc.Arbitrary<JsonValue> = fc.constantFrom<JsonValue>(
  "gold",
  "7",
  "",
  5,
  0.1,
  9007199254740991,
  "9007199254740993",
  true,
  ["x", "y"],
  [],
  [2, "2", 10],
  { a: { b: [1] } },
  "2026-02-30",
);

const members = fc.uniqueArray(fc.constantFrom<JsonValue>("x", "y", "z", 2, 10, true), {
  minLength: 1,
  maxLength: 3,
  selector: (value) => JSON.stringify(value),
});

/** What one event does to one attribute. */
export const change: fc.Arbitrary<Change> = fc.oneof(
  values.map((value): Change => ({ kind: "assign", value })),
  fc.constant<Change>({ kind: "assign", value: undefined }),
  fc.constantFrom<Change>(
    { kind: "increment", by: 1 },
    { kind: "increment", by: -0.2 },
    { kind: "increment", by: "9007199254740993" },
  ),
  members.map((added): Change => ({ kind: "set", members: joinMembers(added, []) })),
  members.map((removed): Change => ({ kind: "set", members: joinMembers([], removed) })),
);

/** An event of a profile import with its place in the order. */
export interface ChangeEvent {
  readonly stamp: Stamp;
  readonly changes: readonly NamedChange[];
}

/** What attributes come to: change after change in the order of their stamps. */
export function plainFold(events: readonly ChangeEvent[]): Map<string, JsonValue> {
  const histories = new Map<string, { base: JsonValue | undefined; after: Change[] }>();
  for (const { changes } of [...events].sort((a, b) => a.stamp[0] - b.stamp[0] || a.stamp[1] - b.stamp[1])) {
    for (const [name, change] of changes) {
      if (change.kind === "assign") histories.set(name, { base: change.value, after: [] });
      else {
        const history = histories.get(name) ?? { base: undefined, after: [] };
        history.after.push(change);
        histories.set(name, history);
      }
    }
  }
  const result = new Map<string, JsonValue>();
  for (const [name, { base, after }] of histories) {
    const value = plainValue(base, after);
    if (value !== undefined) result.set(name, value);
  }
  return result;
}

function plainValue(base: JsonValue | undefined, after: readonly Change[]): JsonValue | undefined {
  const kind = base === undefined ? after.at(-1)?.kind : kindOf(base);
  let value = base;
  for (const change of after) {
    if (change.kind !== kind) continue;
    if (change.kind === "increment") value = exactSum((value ?? 0) as number | string, change.by)!;
    else if (change.kind === "set") {
      let list = (value ?? []) as JsonValue[];
      for (const { value, added } of change.members) {
        list = list.filter((member) => JSON.stringify(member) !== JSON.stringify(value));
        if (added) list.push(value);
      }
      value = list;
    }
  }
  if (!Array.isArray(value) || after.every((change) => change.kind !== kind)) return value;
  const texts = value.filter((member) => typeof member !== "number").map((member) => JSON.stringify(member));
  const numbers = value.filter((member) => typeof member === "number").sort((a, b) => a - b);
  const sorted = [...new Set(numbers), ...[...new Set(texts)].sort().map((text) => JSON.parse(text))];
  return sorted.length === 0 ? undefined : sorted;
}

/** Which changes a value takes beside an assignment, if any. */
export function kindOf(base: JsonValue): Change["kind"] | undefined {
  if (typeof base === "number" || typeof base === "string" && isDecimalText(base)) return "increment";
  return Array.isArray(base) ? "set" : undefined;
}
