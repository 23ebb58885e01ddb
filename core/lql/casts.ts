/**
 * Makes values of a kind: what `KIND` and `cast(x AS kind)` do.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import { type Kind, valueKindOf } from "./kinds.ts";
import {
  compareTexts,
  isList,
  isMap,
  isoOf,
  type MapValue,
  membersOf,
  Moment,
  momentOf,
  newMap,
  toBoolean,
  toInteger,
  toIso,
  toNumber,
  toText,
  type Value,
} from "./values.ts";

/** Makes a JSON value of a kind, or `undefined` where the value is none; `at` is the event's time. */
export type CastFunction = (value: Value, at: number) => JsonValue | undefined;

/** The cast to a kind. */
export function castTo(kind: Kind): CastFunction {
  switch (kind) {
    case "STRING":
      return toText;
    case "INT":
      return toInteger;
    case "NUMBER":
      return (value) => {
        const number = toNumber(value);
        return number === undefined ? undefined : number + 0;
      };
    case "BOOL":
      return toBoolean;
    case "DATE":
      return toIso;
    case "[]STRING":
      return (value) => {
        const texts = textsOf(value);
        return texts.length === 0 ? undefined : texts;
      };
    case "TS[]STRING":
      return (value, at) => {
        const iso = momentOf(at) === undefined ? undefined : isoOf(at);
        const times: MapValue = isMap(value) ? value : {};
        return filledMap(
          textsOf(value).map((text) => [text, Object.hasOwn(times, text) && timeOf(times[text]) || iso]),
        );
      };
    default: {
      const castValue = castTo(valueKindOf(kind) ?? "STRING");
      return (value, at) => {
        const source = isList(value) ? entriesOf(value) : value;
        if (!isMap(source)) return undefined;
        const map = newMap<JsonValue>();
        let filled = false;
        for (const key of sortedKeys(source)) {
          const cast = castValue(source[key], at);
          if (cast === undefined) continue;
          map[key] = cast;
          filled = true;
        }
        return filled ? map : undefined;
      };
    }
  }
}

/** The texts of a list, the keys of a map, or the one text: sorted by code points, each once. */
export function textsOf(value: Value): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  const texts = membersOf(value).map(toText).filter((text) => text !== undefined);
  return texts.length < 2 ? texts : [...new Set(texts)].sort(compareTexts);
}

/** The time that a map of times has for a key, as such a map is written; `undefined` for any other value. */
function timeOf(value: Value): string | undefined {
  if (value instanceof Moment) return isoOf(value.ms);
  return typeof value === "string" && value.endsWith("Z") && toIso(value) === value ? value : undefined;
}

/**
 * The map that a list of texts `key=value` says, as exports write maps: the first `=` without a backslash before it ends the
 * key, in which a backslash takes the meaning of `=` and of a backslash away. Of equal keys the last one counts; other
 * members count for nothing.
 */
function entriesOf(list: readonly Value[]): MapValue {
  const map = newMap<Value>();
  for (const text of list) {
    if (typeof text !== "string") continue;
    const end = keyEnd(text);
    if (end >= 0) map[text.slice(0, end).replace(/\\([=\\])/g, "$1")] = text.slice(end + 1);
  }
  return map;
}

/** Where the `=` stands that ends the key; -1 where none does. */
function keyEnd(text: string): number {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "=") return at;
    if (text[at] === "\\" && (text[at + 1] === "=" || text[at + 1] === "\\")) at++;
  }
  return -1;
}

/** The keys in the order of their code points, as every map has them. */
function sortedKeys(map: MapValue): string[] {
  const keys = Object.keys(map);
  return keys.length < 2 ? keys : keys.sort(compareTexts);
}

/** A map of the entries that have a value; `undefined` without any. */
function filledMap(entries: readonly (readonly [string, JsonValue | undefined])[]): JsonValue | undefined {
  const map = newMap<JsonValue>();
  let filled = false;
  for (const [key, value] of entries) {
    if (value === undefined) continue;
    map[key] = value;
    filled = true;
  }
  return filled ? map : undefined;
}

/** The JSON form of a value of no particular kind: times as ISO 8601; empty lists and maps are no value. */
export function toJson(value: Value): JsonValue | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  if (value === undefined || value === null || typeof value !== "object") return value ?? undefined;
  if (value instanceof Moment) return isoOf(value.ms);
  if (isList(value)) {
    const members = value.map(toJson).filter((member) => member !== undefined);
    return members.length === 0 ? undefined : members;
  }
  return filledMap(Object.entries(value).map(([key, member]) => [key, toJson(member)]));
}
