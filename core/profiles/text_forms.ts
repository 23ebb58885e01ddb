/**
 * Writes what columns make of plain texts, from bytes to bytes: no text, number or time is made on the way.
 *
 * @module
 */
import type { TextForm } from "../lql/mod.ts";
import { viewOf } from "./byte_stretches.ts";
import type { JsonBytes } from "./json_bytes.ts";

const SPACE = 32, HYPHEN = 45, POINT = 46, ZERO = 48, ONE = 49, COLON = 58, AT = 64;
const LETTER_T = 84, LETTER_Z = 90;

/** Digits that a double always holds; decimals up to which a number is not written with an exponent. */
const MOST_DIGITS = 15, MOST_DECIMALS = 6;

/** Longest address that is one. */
const LONGEST_ADDRESS = 1_000;
/** Small letters, digits, `_`, `+` and `-`: with points and an @, all that ordinary addresses hold. */
const IN_ADDRESS = new Uint8Array(256);
for (const sign of "abcdefghijklmnopqrstuvwxyz0123456789_+-") IN_ADDRESS[sign.charCodeAt(0)] = 1;

/** What stands behind a day, and behind a second. */
const MIDNIGHT = viewOf(new TextEncoder().encode('T00:00:00.000Z"')),
  SECOND_END = viewOf(
    new TextEncoder().encode('.000Z"'),
  );
/** Bytes of a JSON string with a day, a second, one in UTC, a time as profiles hold it. */
const DAY = 12, SECOND = 21, SECOND_UTC = 22, TIME = 26;

/**
 * Writes what a form makes of the JSON string `from[start..end)`, which is not empty and, for `text`, has no escapes; false, with
 * nothing written, for what is not told by a look at its bytes: that the form's own function has to judge.
 */
export function putForm(form: TextForm, from: DataView, start: number, end: number, into: JsonBytes): boolean {
  switch (form) {
    case "time":
      return putTime(from, start, end, into);
    case "number":
    case "integer":
      return putDecimal(form === "integer", from, start + 1, end - 1, into);
    case "one":
      into.reserve(1);
      into.put(ONE);
      return true;
    case "address":
      if (!isAddress(from, start + 1, end - 1)) return false;
      // It stands as it is.
  }
  into.copy(from, start, end);
  return true;
}

/** A day or a second of ISO 8601 as the time in UTC; leap days and leap seconds are left to others. */
function putTime(from: DataView, start: number, end: number, into: JsonBytes): boolean {
  const size = end - start, day = start + 1, second = start + DAY - 1;
  if (size !== DAY && size !== SECOND && size !== SECOND_UTC && size !== TIME || !isDay(from, day)) return false;
  if (size > DAY && !isSecond(from, second)) return false;
  if (size > SECOND && from.getUint8(end - 2) !== LETTER_Z) return false;
  if (size === TIME && !isThousandth(from, second + 9)) return false;
  into.reserve(TIME);
  into.putBytes(from, start, second);
  if (size === DAY) into.putBytes(MIDNIGHT, 0, MIDNIGHT.byteLength);
  else {
    into.put(LETTER_T);
    into.putBytes(from, second + 1, second + 9);
    if (size === TIME) into.putBytes(from, second + 9, end);
    else into.putBytes(SECOND_END, 0, SECOND_END.byteLength);
  }
  return true;
}

/** `YYYY-MM-DD`, a day of the years 1 to 9999. */
function isDay(bytes: DataView, at: number): boolean {
  const century = twoDigits(bytes, at), year = twoDigits(bytes, at + 2);
  if (century < 0 || year < 0 || century + year === 0) return false;
  if (bytes.getUint8(at + 4) !== HYPHEN || bytes.getUint8(at + 7) !== HYPHEN) return false;
  const month = twoDigits(bytes, at + 5), day = twoDigits(bytes, at + 8);
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= 28 || month !== 2 && day <= 30 + (month + (month >> 3) & 1);
}

/** A space or `T`, and `HH:mm:ss`. */
function isSecond(bytes: DataView, at: number): boolean {
  const separator = bytes.getUint8(at);
  if (separator !== LETTER_T && separator !== SPACE) return false;
  if (bytes.getUint8(at + 3) !== COLON || bytes.getUint8(at + 6) !== COLON) return false;
  const hour = twoDigits(bytes, at + 1), minute = twoDigits(bytes, at + 4), second = twoDigits(bytes, at + 7);
  return hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
}

/** A point and three digits. */
function isThousandth(bytes: DataView, at: number): boolean {
  return bytes.getUint8(at) === POINT && twoDigits(bytes, at + 1) >= 0 && isDigit(bytes.getUint8(at + 3));
}

/** The number that two digits say; -1 where they are none. */
function twoDigits(bytes: DataView, at: number): number {
  const tens = bytes.getUint8(at), ones = bytes.getUint8(at + 1);
  return isDigit(tens) && isDigit(ones) ? 10 * (tens - ZERO) + ones - ZERO : -1;
}

function isDigit(byte: number): boolean {
  return (byte - ZERO) >>> 0 < 10;
}

/**
 * A decimal as JSON writes it, without the zeros at its end, or what stands before its point. The double nearest to one
 * of so few digits is written as just that.
 */
function putDecimal(whole: boolean, from: DataView, start: number, end: number, into: JsonBytes): boolean {
  let point = start;
  while (point < end && isDigit(from.getUint8(point))) point++;
  const digits = point - start;
  if (digits === 0 || digits > 1 && from.getUint8(start) === ZERO) return false;
  let last = point;
  if (point < end) {
    const decimals = end - point - 1;
    if (from.getUint8(point) !== POINT || decimals === 0 || decimals > MOST_DECIMALS) return false;
    if (digits + decimals > MOST_DIGITS) return false;
    for (let at = point + 1; at < end; at++) {
      const byte = from.getUint8(at);
      if (!isDigit(byte)) return false;
      if (byte !== ZERO) last = at + 1;
    }
  } else if (digits > MOST_DIGITS) return false;
  into.copy(from, start, whole ? point : last);
  return true;
}

/** Whether an address stands as it is: one @, no label behind it empty. */
function isAddress(bytes: DataView, start: number, end: number): boolean {
  if (end - start > LONGEST_ADDRESS) return false;
  let sign = -1, before = POINT;
  for (let at = start; at < end; at++) {
    const byte = bytes.getUint8(at);
    if (byte === AT) {
      if (sign >= 0 || at === start) return false;
      sign = at;
      before = POINT;
    } else if (byte === POINT) {
      if (sign >= 0 && before === POINT) return false;
      before = POINT;
    } else if (IN_ADDRESS[byte] === 1) before = byte;
    else return false;
  }
  return sign >= 0 && before !== POINT;
}
