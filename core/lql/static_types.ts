/**
 * What the text of an expression tells about its value.
 *
 * @module
 */
import type { Kind } from "./kinds.ts";
import type { StaticType } from "./scope.ts";

/** Each type as errors name it. */
export const TYPE_NAMES: Readonly<Record<StaticType, string>> = {
  text: "a text",
  number: "a number",
  int: "a number",
  bool: "true or false",
  time: "a time",
  list: "a list",
  map: "a map",
  any: "a field",
};

/** The type of each kind's values. */
export const KIND_TYPES: Readonly<Record<Kind, StaticType>> = {
  "STRING": "text",
  "INT": "int",
  "NUMBER": "number",
  "BOOL": "bool",
  // As JSON it is a text, and compares as a time all the same.
  "DATE": "time",
  "[]STRING": "list",
  "TS[]STRING": "map",
  "MAP[STRING]INT": "map",
  "MAP[STRING]NUMBER": "map",
  "MAP[STRING]STRING": "map",
  "MAP[STRING]TIME": "map",
};

const KINDS_OF_TYPES: Readonly<Record<StaticType, Kind | undefined>> = {
  text: "STRING",
  number: "NUMBER",
  int: "INT",
  bool: "BOOL",
  time: "DATE",
  list: "[]STRING",
  map: "MAP[STRING]STRING",
  any: undefined,
};

/** The kind of a column of this type; `undefined` for a field, whose value stays as it comes. */
export function kindOfType(type: StaticType): Kind | undefined {
  return KINDS_OF_TYPES[type];
}

/** Whether a value of this type can ever be of the kind. */
export function canCast(type: StaticType, kind: Kind): boolean {
  if (type === "any" || kind === "[]STRING" || kind === "TS[]STRING") return true;
  if (kind.startsWith("MAP")) return type === "map" || type === "list";
  if (type === "map" || type === "list") return false;
  if (kind === "INT" || kind === "NUMBER") return type !== "bool";
  if (kind === "BOOL") return type !== "time";
  return kind !== "DATE" || type !== "bool";
}
