/**
 * Reads event times from the closed list of forms that an import may choose from.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { RecordBatch } from "../contracts/records.ts";
import { readIso, readNumber, readRfc2822, readSlashDate, readWritten, type WallTime } from "./timestamp_forms.ts";
import { type ClockChange, clockChange, zoneClock } from "./timestamp_zone.ts";

/** Name of a form, or of a set of forms, that timestamps are written in. */
export type TimestampFormat = "auto" | "iso8601" | "rfc2822" | "date" | "mdy" | "dmy" | "unix" | "unix-ms";

/** Every format with one sentence of help. */
export const TIMESTAMP_FORMATS: Readonly<Record<TimestampFormat, string>> = {
  "auto": "ISO 8601, RFC 2822, or Unix seconds or milliseconds, told apart by their form",
  "iso8601": "ISO 8601 calendar dates, with or without a time and an offset: 2026-03-01T10:15:00Z",
  "rfc2822": "RFC 2822, as in e-mail: Sun, 1 Mar 2026 10:15:00 +0000",
  "date": "YYYY-MM-DD, YYYY-MM-DD HH:mm or YYYY-MM-DD HH:mm:ss in the timestamp zone",
  "mdy": "MM/DD/YYYY, optionally with a time, in the timestamp zone",
  "dmy": "DD/MM/YYYY, optionally with a time, in the timestamp zone",
  "unix": "Seconds since 1970-01-01 UTC",
  "unix-ms": "Milliseconds since 1970-01-01 UTC",
};

/** How timestamps are written. */
export interface TimestampOptions {
  /** Their form. Default: `auto`. */
  readonly format?: TimestampFormat;
  /** IANA zone of those that name none. Default: `UTC`. */
  readonly zone?: string;
}

/** Reads one timestamp; white space around it does not count. */
export interface TimestampParser {
  /** Milliseconds since the Unix epoch, whole; `undefined` where the text is no such time. */
  parse(text: string): number | undefined;
  /** The same for ASCII bytes from `start` to `end`; NaN where they are no such time. */
  parseBytes(bytes: Uint8Array, start: number, end: number): number;
  /**
   * Whether the zone's clock skips or repeats the wall time that the text gives; `undefined` for a text that names its
   * zone or is no time, too.
   */
  clockChange(text: string): ClockChange | undefined;
}

/** Longest text that can be a timestamp. */
const LONGEST = 64;

/**
 * A parser of timestamps.
 *
 * - `auto` takes 9 to 11 digits, with or without a minus, for Unix seconds and 12 to 14 for milliseconds: nothing
 *   between October 1966 and March 1973, since a shorter number may be anything. Slash dates never, since they can be
 *   read two ways. `unix` and `unix-ms` take any number: 0 is the epoch, -1 the second before.
 * - ISO 8601: `YYYY-MM-DD` and `YYYYMMDD`, then `T` or a space, `HH:mm[:ss[.fff]]`, then `Z`, `UTC`, `±hh[:mm]` or
 *   nothing. Digits past the millisecond are cut; a leap second counts as the second before it.
 * - A wall time that a zone skips is moved on by the gap, one that occurs twice means the earlier (Temporal's
 *   `compatible`).
 * - A date that does not exist (30 February, a wrong weekday, hour 24) does not parse.
 *
 * Throws a `Failure` of kind `config` for an unknown format or zone.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { timestampParser } from "@waybill/waybill/codecs";
 *
 * const { parse } = timestampParser({ format: "dmy", zone: "Europe/Zurich" });
 * assert.equal(parse("01/03/2026 10:15"), Date.parse("2026-03-01T09:15:00Z"));
 * assert.equal(parse("30/02/2026"), undefined);
 * ```
 */
export function timestampParser({ format = "auto", zone = "UTC" }: TimestampOptions = {}): TimestampParser {
  if (!Object.hasOwn(TIMESTAMP_FORMATS, format)) {
    throw new Failure("config", `Timestamp format "${format}" is not known`, {
      hint: `Use ${Object.keys(TIMESTAMP_FORMATS).join(", ")}`,
    });
  }
  const toInstant = zoneClock(zone);
  const wall: WallTime = { milliseconds: 0, offset: undefined };
  const scratch = new Uint8Array(LONGEST);
  /** Whether `wall` is what was read last: Unix times have none. */
  let walled = false;

  /** What `wall` means as an instant. */
  const settled = () => {
    walled = true;
    return wall.offset === undefined ? toInstant(wall.milliseconds) : wall.milliseconds - wall.offset;
  };

  const parseBytes = (bytes: Uint8Array, start: number, end: number): number => {
    while (start < end && (bytes[start] as number) <= 0x20) start++;
    while (end > start && (bytes[end - 1] as number) <= 0x20) end--;
    if (start === end || end - start > LONGEST) return NaN;
    switch (format) {
      case "auto": {
        if (readIso(bytes, start, end, wall)) return settled();
        const number = readNumber(bytes, start, end);
        if (number !== undefined) {
          if (number.digits >= 9 && number.digits <= 11) return number.thousandths;
          return number.digits >= 12 && number.digits <= 14 ? Math.trunc(number.thousandths / 1_000) : NaN;
        }
        return readRfc2822(asciiText(bytes, start, end), wall) ? settled() : NaN;
      }
      case "iso8601":
        return readIso(bytes, start, end, wall) ? settled() : NaN;
      case "date":
        return readIso(bytes, start, end, wall) && isPlainDate(bytes, start, end) ? settled() : NaN;
      case "rfc2822":
        return readRfc2822(asciiText(bytes, start, end), wall) ? settled() : NaN;
      case "mdy":
      case "dmy":
        return readSlashDate(asciiText(bytes, start, end), format === "dmy", wall) ? settled() : NaN;
      case "unix":
        return inRange(readNumber(bytes, start, end)?.thousandths);
      case "unix-ms": {
        const number = readNumber(bytes, start, end);
        return number === undefined ? NaN : inRange(Math.trunc(number.thousandths / 1_000));
      }
    }
  };
  const parse = (text: string): number | undefined => {
    const written = format === "auto" || format === "iso8601" ? readWritten(text) : NaN;
    if (!Number.isNaN(written)) return written;
    const trimmed = text.trim();
    if (trimmed.length > LONGEST) return undefined;
    for (let i = 0; i < trimmed.length; i++) {
      const code = trimmed.charCodeAt(i);
      if (code > 0x7e) return undefined;
      scratch[i] = code;
    }
    const time = parseBytes(scratch, 0, trimmed.length);
    return Number.isNaN(time) ? undefined : time;
  };
  return {
    parse,
    parseBytes,
    clockChange(text) {
      walled = false;
      if (parse(text) === undefined || !walled || wall.offset !== undefined) return undefined;
      return clockChange(wall.milliseconds, zone);
    },
  };
}

/** `YYYY-MM-DD`, `YYYY-MM-DD HH:mm` or `YYYY-MM-DD HH:mm:ss`. */
function isPlainDate(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  return bytes[start + 4] === 0x2d &&
    (length === 10 || ((length === 16 || length === 19) && bytes[start + 10] === 0x20));
}

/** The range of ECMAScript's time values. */
function inRange(milliseconds: number | undefined): number {
  return milliseconds !== undefined && Math.abs(milliseconds) <= 8.64e15 ? milliseconds : NaN;
}

function asciiText(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/**
 * Writes `batch.times`: for each row the first of the ordered columns that parses, NaN where none does.
 *
 * Throws a `Failure` of kind `config` when the batch has no such column.
 */
export function fillTimes(batch: RecordBatch, columns: readonly string[], parser: TimestampParser): void {
  if (columns.length === 0) return;
  const { bytes, times } = batch;
  const { names = [], spans = new Uint32Array(0) } = batch.columns ?? {};
  const places = Int32Array.from(columns, (column) => names.indexOf(column));
  const missing = places.indexOf(-1);
  if (missing >= 0) {
    throw new Failure("config", `Timestamp column "${columns[missing]}" is not among the columns that are read`, {
      hint: `Choose from ${names.slice(0, 50).join(", ")}`,
    });
  }
  for (let row = 0; row < times.length; row++) {
    let time = NaN;
    for (let place = 0; place < places.length && Number.isNaN(time); place++) {
      const at = 2 * (row * names.length + (places[place] as number));
      const start = spans[at] as number;
      const end = spans[at + 1] as number;
      // Two bytes are the quotes of an empty value; nothing that parses needs a JSON escape, but a tab around it does.
      if (end - start <= 2 || end - start > 2 * LONGEST) continue;
      time = parser.parseBytes(bytes, start + 1, end - 1);
      if (Number.isNaN(time) && hasEscape(bytes, start, end)) {
        time = parser.parse(String(JSON.parse(new TextDecoder().decode(bytes.subarray(start, end))))) ?? NaN;
      }
    }
    times[row] = time;
  }
}

function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === 0x5c) return true;
  return false;
}

/** How the slash dates of a column can be read. */
export type SlashDates =
  /** There are none. */
  | "none"
  /** All are valid month first, not all day first. */
  | "mdy"
  /** All are valid day first, not all month first. */
  | "dmy"
  /** All are valid both ways: the format has to be chosen by somebody who knows. */
  | "ambiguous"
  /** Neither way reads all of them. */
  | "mixed";

/** Says whether samples hold slash dates, and how these can be read. */
export function ambiguousDates(samples: Iterable<string>): SlashDates {
  const wall: WallTime = { milliseconds: 0, offset: undefined };
  let found = false;
  let monthFirst = true;
  let dayFirst = true;
  for (const sample of samples) {
    const text = sample.trim();
    if (!/^\d{1,2}\/\d{1,2}\/\d{4}/.test(text)) continue;
    found = true;
    monthFirst &&= readSlashDate(text, false, wall);
    dayFirst &&= readSlashDate(text, true, wall);
  }
  if (!found) return "none";
  if (monthFirst && dayFirst) return "ambiguous";
  return monthFirst ? "mdy" : dayFirst ? "dmy" : "mixed";
}
