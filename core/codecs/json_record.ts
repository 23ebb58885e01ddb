/**
 * Reads one line of a JSON lines file.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";

/** Deepest nesting of a record, itself included. */
export const JSON_MAX_DEPTH = 100;

/** Most fields of a record: as many as a CSV file may have columns. */
export const JSON_MAX_FIELDS = 16_384;

/** Longest name of a field, in bytes: it has to fit into an index. */
export const JSON_MAX_NAME_BYTES = 1_000;

/** A record: field name to value. Its keys are its own, `__proto__` as well. */
export type JsonRecord = { [field: string]: JsonValue };

const QUOTE = 0x22, BACKSLASH = 0x5c, OPEN_LIST = 0x5b, CLOSE_LIST = 0x5d, OPEN = 0x7b, CLOSE = 0x7d;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Digits that a double may not hold, or an exponent that may pass its range. */
const MAY_LOSE_DIGITS = /\d{16}|\d[eE]/;

/** What databases cannot store as text: U+0000, and half of a surrogate pair. `JSON.stringify` escapes both. */
export const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

/** The record that a line holds, or why it holds none: a sentence without a final period. */
export function readRecord(line: Uint8Array): JsonRecord | string {
  let text: string;
  try {
    text = decoder.decode(line);
  } catch {
    return "Holds bytes that cannot be decoded";
  }
  if (isTooDeep(line)) return `Is nested more than ${JSON_MAX_DEPTH} deep`;
  let value: JsonValue;
  try {
    value = parseWithDigits(text);
  } catch (error) {
    return problemOfText(text, error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "Is not a JSON object";
  return problemOf(value, text) ?? value;
}

/** Parses JSON; a number that a double cannot hold becomes the text of its digits. Throws a SyntaxError. */
export function parseWithDigits(text: string): JsonValue {
  return MAY_LOSE_DIGITS.test(text) ? parseJson(text, keepDigits) : parseJson(text);
}

/** Where a string should begin: behind what opens, or what separates. */
const CURLY_QUOTES = /[{[,:]\s*[\u201C-\u201F\u2018-\u201B\u00AB]/, SINGLE_QUOTES = /[{[,:]\s*'/;

function problemOfText(text: string, error: unknown): string {
  if (CURLY_QUOTES.test(text)) return 'Is not valid JSON: it has curly quotes where JSON has straight ones (")';
  if (SINGLE_QUOTES.test(text)) return "Is not valid JSON: it has single quotes where JSON has double ones";
  const [, position] = /at position (\d+)/.exec(error instanceof Error ? error.message : "") ?? [];
  return `Is not valid JSON${position === undefined ? "" : `, from character ${Number(position) + 1} on`}`;
}

function problemOf(record: JsonRecord, text: string): string | undefined {
  const names = Object.keys(record);
  if (names.length > JSON_MAX_FIELDS) return `Has ${names.length} fields, more than ${JSON_MAX_FIELDS}`;
  if (names.some((name) => name.length * 3 > JSON_MAX_NAME_BYTES && byteLength(name) > JSON_MAX_NAME_BYTES)) {
    return `Has a field whose name is longer than ${JSON_MAX_NAME_BYTES} bytes`;
  }
  if (text.includes("\\u") && UNSTORABLE.test(JSON.stringify(record))) {
    return "Holds an escaped NUL, or half of a surrogate pair";
  }
  return undefined;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** An integer that a double cannot hold, and a number out of its range, become the text of their digits. */
function keepDigits(text: string): JsonValue {
  const value = Number(text);
  return !Number.isFinite(value) || (!Number.isSafeInteger(value) && /^-?\d+$/.test(text)) ? text : value;
}

/** Counted before the line is parsed: what comes after works by recursion. */
function isTooDeep(line: Uint8Array): boolean {
  let opened = 0;
  for (const byte of line) if (byte === OPEN || byte === OPEN_LIST) opened++;
  if (opened <= JSON_MAX_DEPTH) return false;
  let depth = 0, inText = false;
  for (let at = 0; at < line.length; at++) {
    const byte = line[at];
    if (inText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === OPEN || byte === OPEN_LIST) {
      if (++depth > JSON_MAX_DEPTH) return true;
    } else if (byte === CLOSE || byte === CLOSE_LIST) depth--;
  }
  return false;
}
