/**
 * The values that expressions are made of, and what each is as a text, number, time or truth.
 *
 * @module
 */
import { timestampParser } from "../codecs/timestamps.ts";

/** A time within an expression; profiles and contributions hold it as ISO 8601 in UTC. */
export class Moment {
  /** Milliseconds since the Unix epoch, within the years 1 to 9999. */
  readonly ms: number;

  /** Unchecked: {@linkcode momentOf} checks. */
  constructor(ms: number) {
    this.ms = ms;
  }
}

/** A member of a map: not a time, not a list. */
export type MapValue = { readonly [key: string]: Value };

/** What an expression gives; `undefined`, null and the empty text are no value. */
export type Value = undefined | null | string | number | boolean | Moment | readonly Value[] | MapValue;

/** The first millisecond of the year 1 and the last of 9999: their ISO 8601 texts order as the times do. */
const [FIRST, LAST] = [-62_135_596_800_000, 253_402_300_799_999];

/** The time at `ms`, whole milliseconds; `undefined` outside the years 1 to 9999. */
export function momentOf(ms: number): Moment | undefined {
  return ms >= FIRST && ms <= LAST ? new Moment(ms) : undefined;
}

/** Whether there is a value: not the empty text, list or map. */
export function hasValue(value: Value): boolean {
  if (value === undefined || value === null || value === "") return false;
  if (typeof value !== "object" || value instanceof Moment) return true;
  return isList(value) ? value.length > 0 : Object.keys(value).length > 0;
}

/** `Array.isArray` for values. */
export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether it is a map. */
export function isMap(value: Value): value is MapValue {
  return typeof value === "object" && value !== null && !(value instanceof Moment) && !isList(value);
}

/** The members of a list, the keys of a map, else the value itself. */
export function membersOf(value: Value): readonly Value[] {
  return isList(value) ? value : isMap(value) ? Object.keys(value) : [value];
}

/** A map that holds any key, `__proto__` included, and inherits none. */
export function newMap<V>(): { [key: string]: V } {
  return Object.create(null);
}

/** The value as a text, not empty; `undefined` for lists, maps and no value. */
export function toText(value: Value): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  if (typeof value === "number") return String(value === 0 ? 0 : value);
  if (typeof value === "boolean") return value ? "true" : "false";
  return value instanceof Moment ? isoOf(value.ms) : undefined;
}

/** The text, or for a list the first of its texts. */
export function firstText(value: Value): string | undefined {
  return isList(value) ? value.map(toText).find((text) => text !== undefined) : toText(value);
}

const DAY = 86_400_000;
const TWO_DIGITS = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, "0"));
/** Days that were written, each at its place, and their texts to the `T`: events lie close together. */
const [DAYS, DATES] = [new Float64Array(1_024).fill(NaN), new Array<string>(1_024).fill("")];

/** ISO 8601 in UTC with milliseconds, as every cell has it; `ms` is whole and within the years 1 to 9999. */
export function isoOf(ms: number): string {
  const day = Math.floor(ms / DAY);
  const place = day & 1_023;
  if (DAYS[place] !== day) {
    DAYS[place] = day;
    DATES[place] = dateOf(day);
  }
  const second = Math.floor((ms - day * DAY) / 1_000);
  const [hours, minutes] = [TWO_DIGITS[Math.floor(second / 3_600)], TWO_DIGITS[Math.floor(second / 60) % 60]];
  const thousandth = ms - day * DAY - 1_000 * second;
  const thousandths = thousandth === 0 ? "000" : String(thousandth).padStart(3, "0");
  return `${DATES[place]}${hours}:${minutes}:${TWO_DIGITS[second % 60]}.${thousandths}Z`;
}

/** A day since 1970, to the `T`. */
function dateOf(day: number): string {
  const civil = civilOf(day), year = Math.floor(civil / 10_000);
  const [month, date] = [TWO_DIGITS[Math.floor(civil / 100) % 100], TWO_DIGITS[civil % 100]];
  return `${TWO_DIGITS[Math.floor(year / 100)]}${TWO_DIGITS[year % 100]}-${month}-${date}T`;
}

/**
 * A day since 1970 in the proleptic Gregorian calendar, 20260301 for 1 March 2026; a Date takes ten times as long. Years are counted from March, so
 * that a leap day ends one, in eras of 400 years.
 */
export function civilOf(day: number): number {
  const days = day + 719_468;
  const era = Math.floor(days / 146_097);
  const ofEra = days - era * 146_097;
  const year = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const date = ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return 10_000 * (year + era * 400 + (month <= 2 ? 1 : 0)) + 100 * month + date;
}

/**
 * The number that a text says: a decimal, optionally with sign, fraction and exponent, white space around it. Nothing
 * else: no hexadecimals, no `Infinity`.
 */
export function decimalOf(text: string): number | undefined {
  const negative = text.charCodeAt(0) === MINUS;
  let digits = 0, places = 0, whole = 0, point = false;
  for (let i = negative ? 1 : 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x30 && code <= 0x39) {
      whole = 10 * whole + code - 0x30;
      digits++;
      if (point) places++;
    } else if (code === POINT && !point) point = true;
    else return uncommonDecimalOf(text);
  }
  if (digits === 0) return undefined;
  if (digits > EXACT_DIGITS) return uncommonDecimalOf(text);
  // Both are exact as doubles, so their quotient is the double nearest to what the text says.
  const value = whole / POWERS[places]!;
  return negative ? -value : value;
}

const MINUS = 0x2d, POINT = 0x2e;
/** Decimal digits that a double always holds. */
const EXACT_DIGITS = 15;
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power);

/** The same for any text. */
function uncommonDecimalOf(text: string): number | undefined {
  let digits = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x30 && code <= 0x39) digits = true;
    // Others than + - . E e and white space end it; where they stand is for Number to judge.
    else if (
      code !== POINT && code !== MINUS && code !== 0x2b && code !== 0x65 && code !== 0x45 && code !== 0x20 &&
      code !== 0x09
    ) return undefined;
  }
  if (!digits) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** A number, or the decimal that a text says. What comparisons and arithmetic take. */
export function toDecimal(value: Value): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" ? decimalOf(value) : undefined;
}

const GROUPED = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$/;

/**
 * The number that a cast makes: a number, a decimal text, one with a currency sign before it or with commas between
 * groups of three digits, or a time's milliseconds since 1970.
 */
export function toNumber(value: Value): number | undefined {
  if (value instanceof Moment) return value.ms;
  if (typeof value !== "string") return typeof value === "number" ? value : undefined;
  const plain = decimalOf(value);
  if (plain !== undefined || value.length > 64) return plain;
  const bare = value.replace(/^\s*([+-]?)\s*\p{Sc}\s*/u, "$1").trim();
  return decimalOf(GROUPED.test(bare) ? bare.replaceAll(",", "") : bare);
}

/** The whole number that a cast makes, the fraction cut off; `undefined` from 2^53 on, where doubles leave gaps. */
export function toInteger(value: Value): number | undefined {
  const number = toNumber(value);
  if (number === undefined) return undefined;
  const whole = Math.trunc(number);
  return Number.isSafeInteger(whole) ? whole + 0 : undefined;
}

const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ...["true", "t", "yes", "y", "on", "1"].map((text) => [text, true] as const),
  ...["false", "f", "no", "n", "off", "0"].map((text) => [text, false] as const),
]);

/** A truth, 1 or 0, or a text for one of both: true t yes y on 1, false f no n off 0, in any case. */
export function toBoolean(value: Value): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value === 1 ? true : value === 0 ? false : undefined;
  if (typeof value !== "string" || value.length > 16) return undefined;
  return TRUTHS.get(value) ?? TRUTHS.get(value.trim().toLowerCase());
}

/** What a value counts for as a condition: no value, `false`, 0 and the texts for false do not hold. */
export function holds(value: Value): boolean {
  return typeof value === "boolean" ? value : hasValue(value) && value !== 0 && toBoolean(value) !== false;
}

const { parse, parseBytes } = timestampParser();

/** Texts that were read last, by their length, and what they say: many filters ask for the same few of a profile. */
const TEXTS = new Array<string>(8).fill(""), TIMES = new Array<number | undefined>(8).fill(undefined);

/** Characters of the longest that is remembered: longer ones are no times. */
const LONGEST_TEXT = 64;

function parseText(text: string): number | undefined {
  if (text.length > LONGEST_TEXT) return parse(text);
  const place = text.length & 7;
  if (TEXTS[place] !== text) {
    TIMES[place] = parse(text);
    TEXTS[place] = text;
  }
  return TIMES[place];
}

/**
 * The time a value says, in milliseconds since the epoch: a time, a text in ISO 8601 or RFC 2822, or Unix seconds (9 to
 * 11 digits) or milliseconds (12 to 14) as text or number. `undefined` outside the years 1 to 9999.
 */
export function toTime(value: Value): number | undefined {
  if (value instanceof Moment) return value.ms;
  const ms = typeof value === "string"
    ? parseText(value)
    : typeof value === "number"
    ? parse(String(value))
    : undefined;
  return ms !== undefined && ms >= FIRST && ms <= LAST ? ms : undefined;
}

/** The time that the ASCII text between two offsets says; NaN where it says none. */
export function timeIn(bytes: Uint8Array, start: number, end: number): number {
  const ms = parseBytes(bytes, start, end);
  return ms >= FIRST && ms <= LAST ? ms : NaN;
}

/** The time a value says, as ISO 8601 in UTC; `undefined` where it says none. */
export function toIso(value: Value): string | undefined {
  const ms = toTime(value);
  if (ms === undefined) return undefined;
  // A text that was read as a day, or as a second in UTC, is most of it already.
  if (typeof value === "string" && value[4] === "-" && value[7] === "-") {
    if (value.length === 10) return `${value}T00:00:00.000Z`;
    // A leap second counts as the one before it.
    if (value.length === 20 && value[10] === "T" && value[16] === ":" && value[19] === "Z" && value[17] !== "6") {
      return `${value.slice(0, 19)}.000Z`;
    }
  }
  return isoOf(ms);
}

/** Negative when `a` comes before `b` by code points: the order of UTF-8 bytes, and of the databases. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    // A surrogate stands for a code point above all that one unit can say.
    const [xs, ys] = [x >= 0xd800 && x <= 0xdfff, y >= 0xd800 && y <= 0xdfff];
    return xs === ys ? x - y : xs ? 1 : -1;
  }
  return a.length - b.length;
}
