/**
 * Reads the list of operations that a row of a profile import holds.
 *
 * @module
 */
import type { JsonValue } from "../../contracts/records.ts";
import type { NamedChange } from "../profile_state.ts";
import { type Change, compose, isDecimal, joinMembers } from "./change.ts";

/** The field that names the profile of a row: no operation changes it. */
export const CUSTOMER_ID = "customer_id";

/** Longest name of an attribute, in bytes: it has to fit into an index. */
const MAX_NAME_BYTES = 1_000;

const OPERATIONS = ["assign", "delete", "increment", "set-add", "set-remove"] as const;

const encoder = new TextEncoder();

/**
 * What a row's operations come to, one change for each attribute; or why they are none: a sentence without a final
 * period. Operations on one attribute follow each other in the order of the list.
 */
export function readChanges(list: JsonValue | undefined): NamedChange[] | string {
  if (!Array.isArray(list)) return 'Has no list of "changes"';
  const changes = new Map<string, Change>();
  for (const [index, entry] of list.entries()) {
    const read = readChange(entry);
    if (typeof read === "string") return `Change ${index + 1} ${read}`;
    const [name, change] = read;
    if (change === undefined) continue;
    const composed = compose(changes.get(name), change);
    if (composed === undefined) {
      return `Change ${index + 1} does not suit what the row does to ${JSON.stringify(name)} before it`;
    }
    changes.set(name, composed);
  }
  return [...changes];
}

/** One operation; no change where it adds or removes nothing. */
function readChange(entry: JsonValue): readonly [name: string, change: Change | undefined] | string {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return "is not a JSON object";
  const { op, attr } = entry;
  if (!OPERATIONS.some((one) => one === op)) {
    const said = op === undefined ? 'has no "op"' : `has the unknown operation ${cut(op)}`;
    return `${said}: it is one of ${OPERATIONS.join(", ")}`;
  }
  if (typeof attr !== "string" || attr === "") return 'names no attribute in "attr"';
  if (attr === CUSTOMER_ID) return `cannot change "${CUSTOMER_ID}", by which profiles are found`;
  if (3 * attr.length > MAX_NAME_BYTES && encoder.encode(attr).length > MAX_NAME_BYTES) {
    return `names an attribute of more than ${MAX_NAME_BYTES} bytes`;
  }
  const change = changeOf(op as typeof OPERATIONS[number], Object.hasOwn(entry, "value") ? entry["value"] : undefined);
  return typeof change === "string" ? change : [attr, change];
}

function changeOf(op: typeof OPERATIONS[number], value: JsonValue | undefined): Change | undefined | string {
  if (op === "delete") return { kind: "assign", value: undefined };
  if (value === undefined) return `has no "value" for its "${op}"`;
  // Nothing is what an attribute has that was deleted.
  if (op === "assign") return { kind: "assign", value: value ?? undefined };
  if (op === "increment") {
    return isDecimal(value) ? { kind: "increment", by: value } : `increments by ${cut(value)}, which is no number`;
  }
  const members = Array.isArray(value) ? value : [value];
  const nested = members.find((member) => typeof member === "object");
  if (nested !== undefined) return `has ${cut(nested)} in its set, which holds texts, numbers, true and false alone`;
  if (members.length === 0) return undefined;
  const distinct = [...new Map(members.map((member) => [JSON.stringify(member), member])).values()];
  return { kind: "set", members: op === "set-add" ? joinMembers(distinct, []) : joinMembers([], distinct) };
}

/** A value as a message shows it. */
export function cut(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
