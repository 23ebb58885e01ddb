/**
 * What an event of a profile import does to one attribute.
 *
 * @module
 */
import type { JsonValue } from "../../contracts/records.ts";
import { exactSum, isDecimalText } from "../../lql/mod.ts";
import { changedSet, setKey, type SetMember } from "./set_value.ts";

/** A number, or the decimal text of one: numbers of CSV cells are texts, and so are sums that no double holds. */
export type Decimal = number | string;

/** What several operations on one attribute in one event come to. */
export type Change =
  /** It holds this from now on; nothing where it was deleted. */
  | { readonly kind: "assign"; readonly value: JsonValue | undefined }
  /** It is so much more. */
  | { readonly kind: "increment"; readonly by: Decimal }
  /** The set has these members, or has them no more. */
  | { readonly kind: "set"; readonly members: readonly SetMember[] };

/** Whether a value is a number that can be incremented. */
export function isDecimal(value: JsonValue | undefined): value is Decimal {
  return typeof value === "number" || typeof value === "string" && isDecimalText(value);
}

/** The sum, to the last digit. */
export function sumOf(a: Decimal, b: Decimal): Decimal {
  return exactSum(a, b) ?? a;
}

/**
 * One change after another in the same event. Undefined where the second has nothing that it could change: a text that
 * is no number, a value that is no list.
 */
export function compose(first: Change | undefined, next: Change): Change | undefined {
  if (first === undefined || next.kind === "assign") return next;
  if (next.kind === "increment") {
    if (first.kind === "increment") return { kind: "increment", by: sumOf(first.by, next.by) };
    if (first.kind === "set") return undefined;
    const { value = 0 } = first;
    return isDecimal(value) ? { kind: "assign", value: sumOf(value, next.by) } : undefined;
  }
  if (first.kind === "increment") return undefined;
  if (first.kind === "set") {
    const members = new Map([...first.members, ...next.members].map((member) => [setKey(member.value), member]));
    return { kind: "set", members: [...members.values()] };
  }
  const { value } = first;
  if (value !== undefined && !Array.isArray(value)) return undefined;
  return { kind: "assign", value: changedSet(value, next.members) };
}

/** A change as the batch's texts hold it. */
export type EncodedChange =
  | readonly ["="]
  | readonly ["=", JsonValue]
  | readonly ["+", Decimal]
  | readonly ["~", JsonValue[], JsonValue[]];

/** Writes a change as JSON can hold it. */
export function encodeChange(change: Change): EncodedChange {
  if (change.kind === "increment") return ["+", change.by];
  if (change.kind === "assign") return change.value === undefined ? ["="] : ["=", change.value];
  return ["~", ...splitMembers(change.members)];
}

/** Reads what {@linkcode encodeChange} wrote. */
export function decodeChange(encoded: EncodedChange): Change {
  if (encoded[0] === "+") return { kind: "increment", by: encoded[1] };
  if (encoded[0] === "=") return { kind: "assign", value: encoded[1] };
  return { kind: "set", members: joinMembers(encoded[1], encoded[2]) };
}

/** The values of added and of removed members. */
export function splitMembers(members: readonly SetMember[]): [added: JsonValue[], removed: JsonValue[]] {
  const values = (added: boolean) => members.filter((member) => member.added === added).map(({ value }) => value);
  return [values(true), values(false)];
}

/** The reverse of {@linkcode splitMembers}. */
export function joinMembers(added: readonly JsonValue[], removed: readonly JsonValue[]): SetMember[] {
  return [
    ...added.map((value) => ({ value, added: true })),
    ...removed.map((value) => ({ value, added: false })),
  ];
}
