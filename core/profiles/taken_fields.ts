/**
 * Takes fields out of profiles as they are stored, once they are asked for, and parses nothing else of them.
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
import { type FilteredProfile, LazyProfile, timeIn } from "../lql/mod.ts";
import { Trial } from "./value_memory.ts";

const QUOTE = 0x22, COMMA = 0x2c, MINUS = 0x2d, DOT = 0x2e, ZERO = 0x30, NINE = 0x39, COLON = 0x3a;
const BACKSLASH = 0x5c, OPEN = 0x7b, CLOSE = 0x7d, LETTER_Z = 0x5a;

/** Digits of a decimal that are a whole number without loss, as is the power of ten that it is divided by. */
const MOST_DIGITS = 15;

/** Such a quotient is rounded once, and so is what the text of the decimal is read as: they are the same. */
const POWERS: readonly number[] = Array.from({ length: MOST_DIGITS }, (_, power) => 10 ** power);

/** A time as profiles hold it, `"2026-03-01T10:15:00.000Z"`. */
const TIME_BYTES = 26;

/** Bytes that become text at a time: what is larger lives on to V8's old generation, where it stays for long. */
const TEXT_BYTES = 8_192;

/** Values that are remembered, and the most bytes of one. */
const MOST_REMEMBERED = 1_024, LONGEST = 64;

// What begins a text with U+FEFF is a part of it.
const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Whether fields can be taken out: an object may have them as keys of its own, and UTF-8 tells them from others. */
export function canTake(fields: readonly string[]): boolean {
  return fields.every((name) => name !== "__proto__" && name.isWellFormed());
}

/** What is known of a field of the profile at hand: nothing yet, where its value stands, its value. */
const UNKNOWN = 0, MET = 1, READ = 2;

/**
 * Takes the same fields out of many profiles, each once it is asked for: a condition that fails spares those after it.
 * It is the profile at hand itself: an object for each would fill V8's old generation.
 */
export class FieldTaker extends LazyProfile {
  readonly #names: readonly Uint8Array[];
  readonly #numbers: ReadonlyMap<string, number>;
  #turn = 0;
  /** The bytes of all that lie together, and where the one at hand does: what follows them is of it. */
  #bytes: Uint8Array = new Uint8Array();
  #start = 0;
  #end = 0;
  /** The byte before the next name. */
  #at = 0;
  /** All of it, where it is not written as usual. */
  #parsed: FilteredProfile | undefined;
  /** By field. */
  readonly #known: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #values: (JsonValue | undefined)[];
  /** Values by how they are written. Nobody changes them. */
  readonly #remembered = new Map<string, JsonValue>();
  readonly #trial = new Trial();
  /** A character for each byte from one place on, of this profile and some that follow; made where a text is needed. */
  #text = "";
  #textFrom = 0;

  constructor(fields: readonly string[]) {
    super();
    this.#names = fields.map((field) => encoder.encode(field));
    this.#numbers = new Map(fields.map((field, index) => [field, index]));
    this.#known = new Uint8Array(fields.length);
    this.#starts = new Uint32Array(fields.length);
    this.#ends = new Uint32Array(fields.length);
    this.#values = fields.map(() => undefined);
  }

  /** The profiles whose objects lie between each offset and the next. They hold on to the bytes. */
  take(bytes: Uint8Array, rows: Uint32Array): { at(index: number): LazyProfile } {
    return { at: (index) => this.#turnTo(bytes, rows, index) };
  }

  override get turn(): number {
    return this.#turn;
  }

  /** The value of a field; undefined where the profile has none. */
  override get(name: string): JsonValue | undefined {
    const field = this.#numbers.get(name);
    if (this.#parsed === undefined && field !== undefined) {
      if (this.#known[field] === READ) return this.#values[field];
      if (this.#known[field] === MET || this.#meet(field)) {
        this.#known[field] = READ;
        return this.#values[field] = this.#value(this.#starts[field]!, this.#ends[field]!);
      }
      if (this.#parsed === undefined) return undefined;
    }
    const parsed = this.#parsed ??= this.#parse();
    return Object.hasOwn(parsed, name) ? parsed[name] : undefined;
  }

  /** The time that a field says, where it is written as profiles hold times; NaN for any other. */
  override time(name: string): number {
    const field = this.#numbers.get(name);
    if (this.#parsed !== undefined || field === undefined) return NaN;
    if (this.#known[field] === UNKNOWN && !this.#meet(field)) return NaN;
    const bytes = this.#bytes, start = this.#starts[field]!, end = this.#ends[field]!;
    if (end - start !== TIME_BYTES || bytes[start] !== QUOTE || bytes[end - 2] !== LETTER_Z) return NaN;
    return timeIn(bytes, start + 1, end - 1);
  }

  override names(): Iterable<string> {
    return Object.keys(this.#parse());
  }

  #turnTo(bytes: Uint8Array, rows: Uint32Array, index: number): this {
    this.#turn++;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#text = "";
    }
    this.#at = this.#start = rows[index]!;
    this.#end = rows[index + 1]!;
    const known = this.#known;
    for (let field = 0; field < known.length; field++) known[field] = UNKNOWN;
    this.#parsed = this.#bytes[this.#start] === OPEN ? undefined : this.#parse();
    return this;
  }

  /** All of it. */
  #parse(): FilteredProfile {
    return parseJson(decoder.decode(this.#bytes.subarray(this.#start, this.#end)));
  }

  /** Goes on to a field. False where there is none, or where the profile had to be parsed. */
  #meet(field: number): boolean {
    try {
      if (this.#walk(field, this.#end)) return this.#known[field] === MET;
    } catch (error) {
      // Blanks before a value, as the scanner sees them; what is no JSON either way is told by the parser.
      if (!(error instanceof TypeError)) throw error;
    }
    this.#parsed = this.#parse();
    return false;
  }

  /** Goes on to a field or to the end. False for a profile that is written in another way. */
  #walk(wanted: number, end: number): boolean {
    const bytes = this.#bytes;
    for (let at = this.#at; at < end - 1;) {
      const name = at + 2;
      if (bytes[at + 1] !== QUOTE) {
        this.#at = end;
        return name === end && bytes[at + 1] === CLOSE;
      }
      let stop = name;
      for (let byte = bytes[stop]!; byte !== QUOTE; byte = bytes[++stop]!) {
        if (byte === BACKSLASH || stop >= end) return false;
      }
      if (bytes[stop + 1] !== COLON) return false;
      const field = this.#fieldOf(name, stop), value = stop + 2;
      at = valueEnd(bytes, value, end);
      if (bytes[at] !== COMMA && (bytes[at] !== CLOSE || at !== end - 1)) return false;
      this.#at = at;
      if (field < 0 || this.#known[field] !== UNKNOWN) continue;
      this.#known[field] = MET;
      this.#starts[field] = value;
      this.#ends[field] = at;
      if (field === wanted) return true;
    }
    return true;
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
    const isAscii = all < 0x80, isText = first === QUOTE && !escapes;
    if (isText && isAscii) return this.#slice(start + 1, end - 1);
    // What takes a decoder or a parser is often the same: cities, and lists of them.
    const written = end - start <= LONGEST && this.#trial.pays ? this.#slice(start, end) : undefined;
    const known = written === undefined ? undefined : this.#remembered.get(written);
    if (written !== undefined) this.#trial.note(known !== undefined);
    if (known !== undefined) return known;
    const value: JsonValue = isText
      ? decoder.decode(bytes.subarray(start + 1, end - 1))
      : parseJson(isAscii ? this.#slice(start, end) : decoder.decode(bytes.subarray(start, end)));
    if (written !== undefined) this.#remember(start, end, value);
    return value;
  }

  #remember(start: number, end: number, value: JsonValue): void {
    if (this.#remembered.size === MOST_REMEMBERED) this.#remembered.clear();
    // A slice of the text of all profiles would hold on to it.
    this.#remembered.set(latin1(this.#bytes.subarray(start, end)), value);
  }

  /** Of ASCII. */
  #slice(start: number, end: number): string {
    if (start < this.#textFrom || end > this.#textFrom + this.#text.length) {
      this.#textFrom = this.#start;
      this.#text = latin1(this.#bytes.subarray(this.#start, Math.max(this.#end, this.#start + TEXT_BYTES)));
    }
    return this.#text.slice(start - this.#textFrom, end - this.#textFrom);
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

function latin1({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString("latin1");
}
