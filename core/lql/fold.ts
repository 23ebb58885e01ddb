/**
 * Makes one value of two that different events gave: the merges for which the order does not count.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import { exactSum, isDecimalText } from "./exact_sum.ts";
import { type Kind, type MergeOp, valueKindOf } from "./kinds.ts";
import { compareTexts, decimalOf, newMap } from "./values.ts";

/** The merges for which the order does not count. */
export type OrderFreeOp = Exclude<MergeOp, "LATEST" | "OLDEST">;

type JsonMap = { readonly [key: string]: JsonValue };

/**
 * What two contributions to a field add up to, or two such results, or one of each. Commutative and associative: the
 * same contributions give the same value in whatever order and groups.
 *
 * A sum that no number says exactly is a decimal text ({@linkcode exactSum}); {@linkcode shownValue} makes the nearest
 * number of it. A value that is not of the kind counts for nothing beside one that is.
 */
export function mergeValues(kind: Kind, op: OrderFreeOp, a: JsonValue, b: JsonValue): JsonValue {
  if (!isOf(kind, a) || !isOf(kind, b)) return isOf(kind, a) ? a : isOf(kind, b) ? b : lesserJson(a, b);
  const valueKind = valueKindOf(kind);
  if (valueKind !== undefined) return mergeMaps(a, b, (x, y) => mergeValues(valueKind, op, x, y));
  if (kind === "TS[]STRING") return mergeMaps(a, b, (x, y) => mergeValues("DATE", "MAX", x, y));
  if (op === "SET") return union(a, b);
  if (op === "SUM") return exactSum(numeric(a), numeric(b)) ?? lesserJson(a, b);
  const order = orderOf(kind, a, b);
  return (op === "MIN" ? order <= 0 : order >= 0) ? a : b;
}

/** A number, or the decimal text of a sum. */
function numeric(value: JsonValue): number | string {
  return typeof value === "number" || typeof value === "string" ? value : 0;
}

function isOf(kind: Kind, value: JsonValue): boolean {
  switch (kind) {
    case "INT":
    case "NUMBER":
      return typeof value === "number" || typeof value === "string" && isDecimalText(value);
    case "STRING":
    case "DATE":
      return typeof value === "string";
    case "BOOL":
      return typeof value === "boolean";
    case "[]STRING":
      return Array.isArray(value) && value.every((member) => typeof member === "string");
    default:
      return isJsonMap(value);
  }
}

function isJsonMap(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The sets' texts, sorted by code points, each once. Both come sorted, so this walks them side by side. */
function union(a: JsonValue, b: JsonValue): JsonValue {
  const [left, right] = [sortedTexts(a), sortedTexts(b)];
  const both: string[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    const [x, y] = [left[i], right[j]];
    const order = x === undefined ? 1 : y === undefined ? -1 : compareTexts(x, y);
    const next = order <= 0 ? x : y;
    if (order <= 0) i++;
    if (order >= 0) j++;
    if (next !== undefined) both.push(next);
  }
  return both;
}

function sortedTexts(value: JsonValue): string[] {
  const texts = (Array.isArray(value) ? value : []).filter((member) => typeof member === "string");
  const sorted = texts.every((text, at) => at === 0 || compareTexts(texts[at - 1] ?? "", text) < 0);
  return sorted ? texts : [...new Set(texts)].sort(compareTexts);
}

/** The keys in the order of their code points, so that the same map has the same text whatever it was made of. */
function mergeMaps(a: JsonValue, b: JsonValue, merge: (x: JsonValue, y: JsonValue) => JsonValue): JsonValue {
  const both = newMap<JsonValue>();
  const [left, right] = [isJsonMap(a) ? a : newMap<JsonValue>(), isJsonMap(b) ? b : newMap<JsonValue>()];
  for (const key of [...new Set([...Object.keys(left), ...Object.keys(right)])].sort(compareTexts)) {
    const [x, y] = [ownValue(left, key), ownValue(right, key)];
    const merged = x === undefined ? y : y === undefined ? x : merge(x, y);
    if (merged !== undefined) both[key] = merged;
  }
  return both;
}

function ownValue(map: JsonMap, key: string): JsonValue | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function orderOf(kind: Kind, a: JsonValue, b: JsonValue): number {
  if (kind === "INT" || kind === "NUMBER") {
    const order = (decimalOf(String(a)) ?? 0) - (decimalOf(String(b)) ?? 0);
    if (order !== 0) return order;
  }
  return compareTexts(String(a), String(b));
}

/** Of two values that mean nothing here always the same one. */
function lesserJson(a: JsonValue, b: JsonValue): JsonValue {
  return compareTexts(JSON.stringify(a), JSON.stringify(b)) <= 0 ? a : b;
}

/**
 * A stored value as APIs, exports and people see it: a sum of NUMBERs that is kept as a decimal text is the number that
 * is nearest. A whole sum from 2^53 on stays a text, of which no digit is lost.
 */
export function shownValue(kind: Kind | undefined, value: JsonValue): JsonValue {
  if (kind === "NUMBER") return typeof value === "string" && !isWhole(value) ? decimalOf(value) ?? value : value;
  if (kind !== "MAP[STRING]NUMBER" || !isJsonMap(value)) return value;
  const shown = newMap<JsonValue>();
  for (const [key, member] of Object.entries(value as JsonMap)) shown[key] = shownValue("NUMBER", member);
  return shown;
}

/** Sums that are whole are texts from 2^53 on alone. */
function isWhole(sum: string): boolean {
  return /^-?\d+$/.test(sum);
}

/** Whether values of a kind are shown just as they are stored. */
export function isShownAsStored(kind: Kind): boolean {
  return kind !== "NUMBER" && kind !== "MAP[STRING]NUMBER";
}
