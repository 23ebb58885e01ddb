/**
 * JSON as growing bytes: values are written a byte at a time, as calls into the platform cost more than most of them.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import { civilOf } from "../lql/mod.ts";
import { COPY_SLACK, copyBytes, viewOf } from "./byte_stretches.ts";

const QUOTE = 34, COMMA = 44, HYPHEN = 45, POINT = 46, ZERO = 48, COLON = 58, OPEN_LIST = 91, BACKSLASH = 92;
const CLOSE_LIST = 93, SPACE = 32, LETTER_T = 84, LETTER_Z = 90;
/** Most bytes that a UTF-16 unit of a text takes, and most that a number takes. */
const UNIT_BYTES = 3, NUMBER_BYTES = 32;
/** Numbers below it are written digit by digit, with up to two decimals. */
const MOST_WHOLE = 1e9;

const encoder = new TextEncoder();

const DAY = 86_400_000;
/** A time as a string in JSON. */
const TIME_BYTES = 26;

/** Writes a day since 1970 as `YYYY-MM-DD`. */
function putDate(bytes: Uint8Array, at: number, day: number): number {
  const civil = civilOf(day), year = Math.floor(civil / 10_000), rest = civil - 10_000 * year;
  const century = Math.floor(year / 100), month = Math.floor(rest / 100);
  at = put2(bytes, put2(bytes, at, century), year - 100 * century);
  bytes[at++] = HYPHEN;
  at = put2(bytes, at, month);
  bytes[at++] = HYPHEN;
  return put2(bytes, at, rest - 100 * month);
}

/** Writes a number below 100 as two digits; gives where they end. */
function put2(bytes: Uint8Array, at: number, value: number): number {
  const tens = Math.floor(value / 10);
  bytes[at] = ZERO + tens;
  bytes[at + 1] = ZERO + value - 10 * tens;
  return at + 2;
}

/** Bytes that grow as they are written. What is put needs room, which `reserve` makes; values make their own. */
export class JsonBytes {
  /** What is written, and room behind it. Another array after a write that needed more. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the next byte goes. */
  length: number;
  #view: DataView;

  /** Writes behind the first `length` bytes. After a value there always is room for `margin` bytes. */
  constructor(bytes: Uint8Array<ArrayBuffer>, length = 0, private readonly margin = 0) {
    this.bytes = bytes;
    this.length = length;
    this.#view = viewOf(bytes);
  }

  /** Begins anew in another array: what is written so far stays where it is. */
  begin(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.length = 0;
    this.#view = viewOf(bytes);
  }

  /** Makes room for so many bytes more. */
  reserve(bytes: number): void {
    const need = this.length + bytes + this.margin + COPY_SLACK;
    if (need <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(need, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.#view = viewOf(larger);
  }

  /** Writes a byte, for which there is room. */
  put(byte: number): void {
    this.bytes[this.length++] = byte;
  }

  /** Copies bytes, for which there is room. */
  putBytes(from: DataView, start: number, end: number): void {
    this.length = copyBytes(from, start, end, this.#view, this.length);
  }

  /** Copies bytes. */
  copy(from: DataView, start: number, end: number): void {
    this.reserve(end - start);
    this.putBytes(from, start, end);
  }

  /** Writes a whole number from 0 to `Number.MAX_SAFE_INTEGER`, for which there is room: 16 bytes at most. */
  whole(value: number): void {
    let end = this.length + 1;
    for (let power = 10; power <= value; power *= 10) end++;
    for (let put = end - 1, rest = value; put >= this.length; put--) {
      const tenth = Math.floor(rest / 10);
      this.bytes[put] = ZERO + (rest - 10 * tenth);
      rest = tenth;
    }
    this.length = end;
  }

  /** Writes a value as `JSON.stringify` does. */
  value(value: JsonValue): void {
    if (typeof value === "string") this.#string(value);
    else if (typeof value === "number") this.#number(value);
    else if (Array.isArray(value)) this.#list(value);
    else this.#other(value);
  }

  /** Writes a time, milliseconds since the Unix epoch within the years 1 to 9999, as the string of its ISO 8601 form. */
  time(at: number): void {
    this.reserve(TIME_BYTES);
    const day = Math.floor(at / DAY), rest = at - DAY * day;
    const { bytes } = this;
    let put = this.length;
    this.length += TIME_BYTES;
    bytes[put++] = QUOTE;
    put = putDate(bytes, put, day);
    bytes[put++] = LETTER_T;
    const second = Math.floor(rest / 1_000), minute = Math.floor(second / 60), hour = Math.floor(minute / 60);
    put = put2(bytes, put, hour);
    bytes[put++] = COLON;
    put = put2(bytes, put, minute - 60 * hour);
    bytes[put++] = COLON;
    put = put2(bytes, put, second - 60 * minute);
    bytes[put++] = POINT;
    const thousandths = rest - 1_000 * second, hundreds = Math.floor(thousandths / 100);
    bytes[put++] = ZERO + hundreds;
    put = put2(bytes, put, thousandths - 100 * hundreds);
    bytes[put++] = LETTER_Z;
    bytes[put] = QUOTE;
  }

  #list(members: readonly JsonValue[]): void {
    this.reserve(2 + members.length);
    this.put(OPEN_LIST);
    for (let index = 0; index < members.length; index++) {
      if (index > 0) {
        this.reserve(1);
        this.put(COMMA);
      }
      this.value(members[index]!);
    }
    this.reserve(1);
    this.put(CLOSE_LIST);
  }

  #string(text: string): void {
    this.reserve(2 + UNIT_BYTES * text.length);
    const { bytes } = this;
    let put = this.length;
    bytes[put++] = QUOTE;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code < 128) {
        if (code < SPACE || code === QUOTE || code === BACKSLASH) return this.#other(text);
        bytes[put++] = code;
      } else if (code < 0x800) {
        bytes[put++] = 0xc0 | code >> 6;
        bytes[put++] = 0x80 | code & 63;
      } else if (code >= 0xd800 && code <= 0xdfff) return this.#other(text);
      else {
        bytes[put++] = 0xe0 | code >> 12;
        bytes[put++] = 0x80 | code >> 6 & 63;
        bytes[put++] = 0x80 | code & 63;
      }
    }
    bytes[put++] = QUOTE;
    this.length = put;
  }

  #number(value: number): void {
    this.reserve(NUMBER_BYTES);
    if (value >= 0 && value < MOST_WHOLE) {
      const hundredths = Math.round(100 * value);
      // The double nearest to a decimal of so few digits is written as just that.
      if (hundredths / 100 === value) return this.#hundredths(hundredths);
    }
    if (!Number.isFinite(value)) return this.#other(value);
    const text = String(value);
    for (let at = 0; at < text.length; at++) this.put(text.charCodeAt(at));
  }

  /** Writes a hundredth of a whole number, for which there is room. */
  #hundredths(value: number): void {
    const whole = Math.floor(value / 100), rest = value - 100 * whole;
    this.whole(whole);
    if (rest === 0) return;
    const tenths = Math.floor(rest / 10);
    this.put(POINT);
    this.put(ZERO + tenths);
    if (rest > 10 * tenths) this.put(ZERO + rest - 10 * tenths);
  }

  #other(value: JsonValue): void {
    const text = JSON.stringify(value);
    this.reserve(UNIT_BYTES * text.length);
    this.length += encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
  }
}
