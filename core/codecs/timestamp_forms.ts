/**
 * The forms of timestamps, each read into a wall time and, where it names one, an offset.
 *
 * @module
 */

/** A time as it is written; reused from call to call, so that reading a million makes no garbage. */
export interface WallTime {
  /** The wall time as if it were UTC, in milliseconds since the Unix epoch. */
  milliseconds: number;
  /** What the wall is ahead of UTC, in milliseconds; `undefined` where the text names no zone. */
  offset: number | undefined;
}

const DAY = 86_400_000;
const MINUTE = 60_000;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"]; // 1970-01-01 was a Thursday

/** Zones by name in RFC 2822, hours ahead of UTC; its military letters mean nothing reliable (§4.3). */
const NAMED_ZONES: ReadonlyMap<string, number> = new Map([
  ["UT", 0],
  ["GMT", 0],
  ["UTC", 0],
  ["Z", 0],
  ["EDT", -4],
  ["EST", -5],
  ["CDT", -5],
  ["CST", -6],
  ["MDT", -6],
  ["MST", -7],
  ["PDT", -7],
  ["PST", -8],
]);

/** Milliseconds from the epoch to a day of the Gregorian calendar; NaN for a day that does not exist. */
function dayStart(year: number, month: number, day: number): number {
  if (year < 1 || month < 1 || month > 12 || day < 1) return NaN;
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  if (day > (DAYS_IN_MONTH[month - 1] as number) + leap) return NaN;
  // Years that start in March end with the leap day, so a month's start needs no case for it.
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return (era * 146_097 + dayOfEra - 719_468) * DAY;
}

/** Milliseconds into a day; NaN for a time that does not exist. Second 60 counts as 59, as in Temporal. */
function timeOfDay(hour: number, minute: number, second: number): number {
  if (hour > 23 || minute > 59 || second > 60) return NaN;
  return hour * 3_600_000 + minute * MINUTE + Math.min(second, 59) * 1_000;
}

/** Characters of a time as ECMAScript writes it, and as profiles hold it. */
const WRITTEN_LENGTH = 24;

/** Milliseconds that `YYYY-MM-DDTHH:mm:ss.sssZ` says, as most times are written; NaN for any other text and a leap second. */
export function readWritten(text: string): number {
  if (text.length !== WRITTEN_LENGTH || text[4] !== "-" || text[7] !== "-" || text[10] !== "T") return NaN;
  if (text[13] !== ":" || text[16] !== ":" || text[19] !== "." || text[23] !== "Z") return NaN;
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2);
  const second = twoDigits(text, 17), thousandths = 10 * twoDigits(text, 20) + digitAt(text, 22);
  if (second > 59) return NaN;
  return dayStart(year, twoDigits(text, 5), twoDigits(text, 8)) +
    timeOfDay(twoDigits(text, 11), twoDigits(text, 14), second) + thousandths;
}

function twoDigits(text: string, at: number): number {
  return 10 * digitAt(text, at) + digitAt(text, at + 1);
}

/** NaN for what is no digit. */
function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - 48;
  return digit >= 0 && digit <= 9 ? digit : NaN;
}

/** The number of `count` digits at `at`; NaN where one is missing. */
function digits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = (bytes[i] as number) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Reads an ISO 8601 date or date and time, extended or basic. */
export function readIso(bytes: Uint8Array, start: number, end: number, wall: WallTime): boolean {
  if (end - start < 8) return false;
  const dash = bytes[start + 4] === 0x2d ? 1 : 0;
  if (dash === 1 && (end - start < 10 || bytes[start + 7] !== 0x2d)) return false;
  let at = start + 8 + 2 * dash;
  let milliseconds = dayStart(digits(bytes, start, 4), digits(bytes, start + 4 + dash, 2), digits(bytes, at - 2, 2));
  wall.offset = undefined;
  if (at < end) {
    const separator = bytes[at] as number;
    if (separator !== 0x20 && (separator | 0x20) !== 0x74) return false; // a space or T
    const colon = bytes[at + 3] === 0x3a ? 1 : 0;
    // The basic form is one thing or the other: 20260301T101500.
    if (colon !== dash || at + 5 + colon > end) return false;
    const hour = digits(bytes, at + 1, 2);
    const minute = digits(bytes, at + 3 + colon, 2);
    at += 5 + colon;
    let second = 0;
    const hasSecond = at < end && (colon === 1 ? bytes[at] === 0x3a : isDigit(bytes[at]));
    if (hasSecond) {
      if (at + 2 + colon > end) return false;
      second = digits(bytes, at + colon, 2);
      at += 2 + colon;
    }
    milliseconds += timeOfDay(hour, minute, second);
    if (hasSecond && at < end && (bytes[at] === 0x2e || bytes[at] === 0x2c)) {
      const first = ++at;
      let scale = 100;
      let fraction = 0;
      for (; at < end && isDigit(bytes[at]); at++) {
        fraction += scale >= 1 ? ((bytes[at] as number) - 0x30) * scale : 0;
        scale /= 10;
      }
      if (at === first) return false;
      if (second < 60) milliseconds += fraction;
    }
    if (at < end && !readOffset(bytes, at, end, wall)) return false;
  }
  wall.milliseconds = milliseconds;
  return !Number.isNaN(milliseconds);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** `Z`, `UTC`, `±hh`, `±hhmm` or `±hh:mm`, optionally after a space. */
function readOffset(bytes: Uint8Array, start: number, end: number, wall: WallTime): boolean {
  const at = bytes[start] === 0x20 ? start + 1 : start;
  const sign = bytes[at];
  const length = end - at;
  wall.offset = 0;
  if (length === 1) return sign === 0x5a || sign === 0x7a;
  if (length === 3 && sign === 0x55) return bytes[at + 1] === 0x54 && bytes[at + 2] === 0x43;
  if (sign !== 0x2b && sign !== 0x2d) return false;
  const colon = length === 6 && bytes[at + 3] === 0x3a ? 1 : 0;
  if (length !== 3 && length !== 5 + colon) return false;
  const hours = digits(bytes, at + 1, 2);
  const minutes = length === 3 ? 0 : digits(bytes, at + 3 + colon, 2);
  if (!(hours <= 23 && minutes <= 59)) return false;
  wall.offset = (sign === 0x2d ? -1 : 1) * (hours * 60 + minutes) * MINUTE;
  return true;
}

/** Reads a decimal number: its value in thousandths (more decimals are cut) and its digits before the point. */
export function readNumber(
  bytes: Uint8Array,
  start: number,
  end: number,
): { thousandths: number; digits: number } | undefined {
  const negative = bytes[start] === 0x2d;
  const first = negative ? start + 1 : start;
  let at = first;
  let value = 0;
  for (; at < end && isDigit(bytes[at]); at++) value = value * 10 + (bytes[at] as number) - 0x30;
  const count = at - first;
  if (count === 0 || count > 17) return undefined;
  let thousandths = 0;
  if (at < end) {
    if (bytes[at] !== 0x2e || at + 1 === end) return undefined;
    let scale = 100;
    for (at++; at < end; at++) {
      if (!isDigit(bytes[at])) return undefined;
      thousandths += scale >= 1 ? ((bytes[at] as number) - 0x30) * scale : 0;
      scale /= 10;
    }
  }
  const total = value * 1_000 + thousandths;
  return { thousandths: negative ? -total : total, digits: count };
}

const RFC_2822 =
  /^(?:([a-z]{3}),?\s+)?(\d{1,2})\s+([a-z]{3})\s+(\d{2}|\d{4})\s+(\d{2}):(\d{2})(?::(\d{2}))?\s+([+-]\d{4}|[a-z]{1,3})(?:\s+\([^()]*\))?$/i;

/** Reads an RFC 2822 date-time (§3.3 and the obsolete zones and two-digit years of §4.3). */
export function readRfc2822(text: string, wall: WallTime): boolean {
  const match = RFC_2822.exec(text);
  if (match === null) return false;
  const [, weekday, day, month = "", yearText = "", hour, minute, second = "0", zone = ""] = match;
  const short = Number(yearText);
  const year = yearText.length === 4 ? short : short < 50 ? 2_000 + short : 1_900 + short;
  const midnight = dayStart(year, MONTHS.indexOf(month.toLowerCase()) + 1, Number(day));
  const milliseconds = midnight + timeOfDay(Number(hour), Number(minute), Number(second));
  if (Number.isNaN(milliseconds)) return false;
  if (weekday !== undefined && WEEKDAYS[((midnight / DAY) % 7 + 7) % 7] !== weekday.toLowerCase()) return false;
  const named = NAMED_ZONES.get(zone.toUpperCase());
  if (named === undefined && !/^[+-]\d{2}[0-5]\d$/.test(zone)) return false;
  const minutes = named === undefined ? Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3)) : named * 60;
  wall.milliseconds = milliseconds;
  wall.offset = (zone.startsWith("-") ? -minutes : minutes) * MINUTE;
  return true;
}

const SLASH_DATE =
  /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:,?[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(?:\s*([ap])\.?m\.?)?)?$/i;

/** Reads `MM/DD/YYYY` or `DD/MM/YYYY`, optionally with `HH:mm[:ss[.fff]]` and AM or PM. */
export function readSlashDate(text: string, dayFirst: boolean, wall: WallTime): boolean {
  const match = SLASH_DATE.exec(text);
  if (match === null) return false;
  const [, first, second, year, hourText = "0", minute = "0", seconds = "0", fraction = "", half] = match;
  const midnight = dayStart(Number(year), Number(dayFirst ? second : first), Number(dayFirst ? first : second));
  let hour = Number(hourText);
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return false;
    hour = hour % 12 + (half.toLowerCase() === "p" ? 12 : 0);
  }
  const thousandths = Number(fraction.slice(0, 3).padEnd(3, "0"));
  wall.milliseconds = midnight + timeOfDay(hour, Number(minute), Number(seconds)) + thousandths;
  wall.offset = undefined;
  return !Number.isNaN(wall.milliseconds);
}
