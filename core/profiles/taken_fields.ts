/**
 * Takes fields out of profiles as they are stored, and parses nothing else of them.
 *
 * It knows JSON as `JSON.stringify` writes it. A profile that is written in another way, with blanks or with an escape in
 * a name, is parsed as a whole, and gives all of its fields.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { valueEnd } from "../codecs/json_field_spans.ts";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { FilteredProfile } from "../lql/mod.ts";

const QUOTE = 0x22, COMMA = 0x2c, MINUS = 0x2d, DOT = 0x2e, ZERO = 0x30, NINE = 0x39, COLON = 0x3a;
const BACKSLASH = 0x5c, OPEN = 0x7b, CLOSE = 0x7d;

/** Digits of a decimal that are a whole number without loss, as is the power of ten that it is divided by. */
const MOST_DIGITS = 15;

/** Such a quotient is rounded once, and so is what the text of the decimal is read as: they are the same. */
const POWERS: readonly number[] = Array.from({ length: MOST_DIGITS }, (_, power) => 10 ** power);

// What begins a text with U+FEFF is a part of it.
const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Whether fields can be taken out: an object may have them as keys of its own, and UTF-8 tells them from others. */
export function canTake(fields: readonly string[]): boolean {
  return fields.every((name) => name !== "__proto__" && name.isWellFormed());
}

/** Takes the same fields out of many profiles. */
export class FieldTaker {
  readonly #fields: readonly string[];
  readonly #names: readonly Uint8Array[];
  /** A profile that has none. */
  readonly #none: FilteredProfile;
  #bytes: Uint8Array = new Uint8Array();
  /** A character for each byte; made where a text is needed. */
  #text: string | undefined;

  constructor(fields: readonly string[]) {
    this.#fields = fields;
    this.#names = fields.map((field) => encoder.encode(field));
    this.#none = Object.fromEntries(fields.map((field) => [field, null]));
  }

  /** The profiles whose objects lie between each offset and the next: the fields, null where a profile has none. */
  take(bytes: Uint8Array, rows: Uint32Array): FilteredProfile[] {
    this.#bytes = bytes;
    this.#text = undefined;
    const profiles: FilteredProfile[] = [];
    for (let index = 0; index + 1 < rows.length; index++) {
      profiles.push(this.#one(rows[index]!, rows[index + 1]!));
    }
    return profiles;
  }

  #one(start: number, end: number): FilteredProfile {
    try {
      const profile = this.#scanned(start, end);
      if (profile !== undefined) return profile;
    } catch (error) {
      // Blanks before a value, as the scanner sees them; what is no JSON either way is told by the parser.
      if (!(error instanceof TypeError)) throw error;
    }
    return parseJson(decoder.decode(this.#bytes.subarray(start, end)));
  }

  /** Undefined for one that is written in another way. */
  #scanned(start: number, end: number): FilteredProfile | undefined {
    const bytes = this.#bytes, fields = this.#fields;
    const profile: Record<string, JsonValue> = { ...this.#none };
    if (bytes[start] !== OPEN) return undefined;
    // From the byte before a name to the one after its value.
    for (let at = start, left = fields.length; left > 0;) {
      const name = at + 2;
      if (bytes[at + 1] !== QUOTE) return name === end && bytes[at + 1] === CLOSE ? profile : undefined;
      let stop = name;
      for (let byte = bytes[stop]!; byte !== QUOTE; byte = bytes[++stop]!) {
        if (byte === BACKSLASH || stop >= end) return undefined;
      }
      if (bytes[stop + 1] !== COLON) return undefined;
      const field = this.#fieldOf(name, stop), value = stop + 2;
      at = valueEnd(bytes, value, end);
      if (field >= 0) {
        profile[fields[field]!] = this.#value(value, at);
        left--;
      }
      if (bytes[at] === COMMA) continue;
      return bytes[at] === CLOSE && at === end - 1 ? profile : undefined;
    }
    return profile;
  }

  /** Which field has the name between two offsets; negative for none. */
  #fieldOf(from: number, to: number): number {
    const bytes = this.#bytes, names = this.#names, length = to - from;
    for (let index = 0; index < names.length; index++) {
      const name = names[index]!;
      if (name.length !== length) continue;
      let at = 0;
      while (at < length && bytes[from + at] === name[at]) at++;
      if (at === length) return index;
    }
    return -1;
  }

  /** What is written between two offsets. */
  #value(start: number, end: number): JsonValue {
    const bytes = this.#bytes, first = bytes[start]!;
    if (first === MINUS || (first >= ZERO && first <= NINE)) return this.#number(start, end);
    let all = 0, escapes = false;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      all |= byte;
      if (byte === BACKSLASH) escapes = true;
    }
    const isText = first === QUOTE && !escapes;
    const [from, to] = isText ? [start + 1, end - 1] : [start, end];
    const text = all < 0x80 ? this.#slice(from, to) : decoder.decode(bytes.subarray(from, to));
    return isText ? text : parseJson(text);
  }

  /** Of ASCII. */
  #slice(start: number, end: number): string {
    const { buffer, byteOffset, length } = this.#bytes;
    return (this.#text ??= Buffer.from(buffer, byteOffset, length).toString("latin1")).slice(start, end);
  }

  #number(start: number, end: number): number {
    const bytes = this.#bytes;
    let digits = 0, point = -1;
    if (end - start > MOST_DIGITS) return Number(this.#slice(start, end));
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte >= ZERO && byte <= NINE) digits = digits * 10 + byte - ZERO;
      else if (byte === DOT && point < 0) point = at;
      else return Number(this.#slice(start, end));
    }
    return point < 0 ? digits : digits / POWERS[end - point - 1]!;
  }
}
