/**
 * Sets as attributes hold them: lists without repetitions, in order.
 *
 * @module
 */
import type { JsonValue } from "../../contracts/records.ts";

/** A member that a set is to have, or not to have. */
export interface SetMember {
  readonly value: JsonValue;
  readonly added: boolean;
}

/** By what members are the same: the number 1 and the text "1" are two. */
export function setKey(value: JsonValue): string {
  return JSON.stringify(value);
}

/**
 * A list after its members changed, of which the later counts where two are the same; no list is an empty one. A set
 * that has no member is none: undefined. The result is sorted, so that it does not tell in what order members came.
 */
export function changedSet(
  list: readonly JsonValue[] | undefined,
  members: readonly SetMember[],
): JsonValue | undefined {
  const values = new Map((list ?? []).map((value) => [setKey(value), value]));
  for (const { value, added } of members) {
    if (added) values.set(setKey(value), value);
    else values.delete(setKey(value));
  }
  if (values.size === 0) return undefined;
  return [...values].sort(inOrder).map(([, value]) => value);
}

type Entry = readonly [key: string, value: JsonValue];

/** Numbers by size, then everything else by code units of its JSON. */
function inOrder([keyA, a]: Entry, [keyB, b]: Entry): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number") return -1;
  if (typeof b === "number") return 1;
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
}
