/**
 * Writes JSON values as `JSON.stringify` would.
 *
 * @module
 */
import { JSON_ESCAPES } from "./csv_bytes.ts";
import { parseWithDigits, UNSTORABLE } from "./json_record.ts";
import type { GrowingBytes } from "./json_row.ts";

const QUOTE = 0x22, BACKSLASH = 0x5c, SLASH = 0x2f, LETTER_U = 0x75, MINUS = 0x2d, ZERO = 0x30, NINE = 0x39, DOT = 0x2e;

/** Decimal digits that a double keeps in any case (IEEE 754: 15 of them). */
const SAFE_DIGITS = 15;

/** Zeros behind the point from which on `JSON.stringify` writes an exponent. */
const MOST_ZEROS = 5;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Whether a number stands as `JSON.stringify` writes it; no for some that do. */
export function isPlainNumber(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start] === MINUS ? start + 1 : start;
  const digits = end - first;
  if (digits < 1 || digits > SAFE_DIGITS) return false;
  let point = -1, zeros = 0, significant = false;
  for (let at = first; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === DOT && point < 0 && at > first) point = at;
    else if (byte < ZERO || byte > NINE) return false;
    else if (byte !== ZERO) significant = true;
    else if (point >= 0 && !significant) zeros++;
  }
  const whole = (point < 0 ? end : point) - first;
  if (bytes[first] === ZERO && whole > 1) return false;
  if (point < 0) return significant || first === start;
  return bytes[end - 1] !== ZERO && bytes[end - 1] !== DOT && zeros <= MOST_ZEROS;
}

/** Adds a number, an object or a list; false for what is none, or cannot be stored. */
export function makeValue(bytes: Uint8Array, start: number, end: number, into: GrowingBytes): boolean {
  let text: string;
  try {
    text = JSON.stringify(parseWithDigits(decoder.decode(bytes.subarray(start, end))));
  } catch {
    return false;
  }
  if (text.includes("\\u") && UNSTORABLE.test(text)) return false;
  into.write(text);
  return true;
}

/** Adds a string that holds `\u0041` or `\/`; false where one is wrong, or stands for what cannot be stored. */
export function makeString(bytes: Uint8Array, start: number, end: number, into: GrowingBytes): boolean {
  // No escape is shorter than what it stands for.
  into.reserve(end - start);
  const out = into.bytes;
  let put = into.length;
  for (let at = start; at < end;) {
    const byte = bytes[at]!;
    const next = bytes[at + 1]!;
    if (byte !== BACKSLASH) {
      out[put++] = byte;
      at++;
    } else if (next === SLASH) {
      out[put++] = SLASH;
      at += 2;
    } else if (next !== LETTER_U) {
      out[put++] = byte;
      out[put++] = next;
      at += 2;
    } else {
      let point = unitAt(bytes, at, end);
      at += 6;
      if (point >= 0xd800 && point <= 0xdbff) {
        const low = unitAt(bytes, at, end);
        if (low < 0xdc00 || low > 0xdfff) return false;
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
      } else if (point <= 0 || (point >= 0xdc00 && point <= 0xdfff)) return false;
      put = writePoint(point, out, put);
    }
  }
  into.length = put;
  return true;
}

/** The code unit that an escape at `at` names; -1 where none stands there. */
function unitAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 6 > end || bytes[at] !== BACKSLASH || bytes[at + 1] !== LETTER_U) return -1;
  let unit = 0;
  for (let digit = at + 2; digit < at + 6; digit++) {
    const value = HEX[bytes[digit]!]!;
    if (value === NO_DIGIT) return -1;
    unit = unit << 4 | value;
  }
  return unit;
}

const NO_DIGIT = 255;
const HEX = new Uint8Array(256).fill(NO_DIGIT);
for (const [value, digit] of [..."0123456789abcdef"].entries()) {
  HEX[digit.charCodeAt(0)] = HEX[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Writes a code point in UTF-8, escaped where it has to be. */
function writePoint(point: number, out: Uint8Array, put: number): number {
  if (point < 0x80) {
    const escape = point < 0x20 || point === QUOTE || point === BACKSLASH ? JSON_ESCAPES[point] : undefined;
    if (escape === undefined) out[put++] = point;
    else for (const byte of escape) out[put++] = byte;
  } else if (point < 0x800) {
    out[put++] = 0xc0 | point >> 6;
    out[put++] = 0x80 | point & 0x3f;
  } else if (point < 0x10000) {
    out[put++] = 0xe0 | point >> 12;
    out[put++] = 0x80 | point >> 6 & 0x3f;
    out[put++] = 0x80 | point & 0x3f;
  } else {
    out[put++] = 0xf0 | point >> 18;
    out[put++] = 0x80 | point >> 12 & 0x3f;
    out[put++] = 0x80 | point >> 6 & 0x3f;
    out[put++] = 0x80 | point & 0x3f;
  }
  return put;
}
