/**
 * Text read as a field's type: what a flag, a form or a query gives.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import type { FieldType } from "./fields.ts";

/** `text` as a value of `type`, or undefined when it is none. */
export function readValue(type: FieldType, text: string): JsonValue | undefined {
  switch (type) {
    case "number":
    case "integer":
      return readNumber(type, text.trim());
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "list":
      return readList(text);
    default:
      return text;
  }
}

/** The entries of a comma-separated list; `\,` is a comma, `\\` a backslash. Empty text is an empty list. */
export function readList(text: string): string[] {
  if (text === "") return [];
  const entries: string[] = [];
  let entry = "";
  for (const [part] of text.matchAll(/\\[,\\]|[^]/gu)) {
    if (part === ",") {
      entries.push(entry);
      entry = "";
    } else entry += part.length === 2 && part.startsWith("\\") ? part.slice(1) : part;
  }
  entries.push(entry);
  return entries.map((entry) => entry.trim());
}

/** The inverse of {@linkcode readList}, up to spaces around an entry. */
export function writeList(entries: readonly string[]): string {
  return entries.map((entry) => entry.replace(/[\\,]/g, "\\$&")).join(",");
}

function readNumber(type: "number" | "integer", text: string): number | undefined {
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) && (type === "number" || Number.isSafeInteger(number)) ? number : undefined;
}
