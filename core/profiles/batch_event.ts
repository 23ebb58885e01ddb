/**
 * The events of an indexed batch as mappings read them: one after another, a value decoded when it is asked for.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import { Buffer } from "node:buffer";
import type { JsonValue } from "../contracts/records.ts";
import type { MappingEvent } from "../lql/mod.ts";
import { type IndexedBatch, isEmptyValue } from "./indexed_batch.ts";

const QUOTE = 34, POINT = 46, ZERO = 48, NINE = 57, BACKSLASH = 92;
/** What is not ASCII, in a text of bytes. */
const BEYOND_ASCII = /[\u0080-\u00ff]/;
/** Texts beyond ASCII that are remembered: many columns hold few different ones. */
const MOST_TEXTS = 4_096;
/** Strings that are read one by one before the whole batch is made a text, which many mappings need not. */
const FEW_READS = 128;
/** Digits that a double always holds. */
const EXACT_DIGITS = 15;
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power);

/** One event of a batch at a time. */
export class BatchEvent implements MappingEvent {
  at = 0;
  #row = -1;
  #span = 0;
  readonly #columns: ReadonlyMap<string, number>;
  /** The batch, a character for each byte: slicing it costs next to nothing. */
  #text: string | undefined;
  /** Whether the batch's bytes are its characters. */
  #isAscii = false;
  /** Strings read. */
  #reads = 0;
  /** A string may begin with what is a byte order mark elsewhere. */
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** Bytes of a string, a character each → the string. */
  readonly #texts = new Map<string, string>();
  /** By column the value that was asked for last, and the row it is of: most are asked for more than once. */
  readonly #values: (JsonValue | undefined)[];
  readonly #rows: Int32Array;

  constructor(private readonly batch: IndexedBatch) {
    const { names } = batch.columns;
    this.#columns = new Map(names.map((name, column) => [name, column]));
    this.#values = new Array(names.length).fill(undefined);
    this.#rows = new Int32Array(names.length).fill(-1);
  }

  /** The batch's. */
  get bytes(): Uint8Array {
    return this.batch.bytes;
  }

  /** Moves to a row. `at` is its event time. */
  move(row: number, at: number): void {
    this.at = at;
    this.#row = row;
    this.#span = 2 * row * this.batch.columns.names.length;
  }

  get(name: string): JsonValue | undefined {
    const column = this.#columns.get(name);
    if (column === undefined) return undefined;
    if (this.#rows[column] !== this.#row) {
      this.#rows[column] = this.#row;
      this.#values[column] = this.#read(column);
    }
    return this.#values[column];
  }

  /** Where a column's value begins in the batch's bytes. */
  start(column: number): number {
    return this.batch.columns.spans[this.#span + 2 * column]!;
  }

  /** Where it ends. */
  end(column: number): number {
    return this.batch.columns.spans[this.#span + 2 * column + 1]!;
  }

  /** Whether a column has a value: neither empty nor null. */
  has(column: number): boolean {
    const from = this.start(column);
    return !isEmptyValue(this.batch.bytes, from, this.end(column) - from);
  }

  /** Of a field with up to 15 digits and a point perhaps, as a string: what nobody needs a text for. */
  decimal(name: string): number {
    const column = this.#columns.get(name);
    if (column === undefined) return NaN;
    const { bytes } = this.batch, from = this.start(column), last = this.end(column) - 1;
    if (bytes[from] !== QUOTE) return NaN;
    let digits = 0, whole = 0, point = last;
    for (let at = from + 1; at < last; at++) {
      const byte = bytes[at]!;
      if (byte >= ZERO && byte <= NINE) {
        whole = 10 * whole + byte - ZERO;
        digits++;
      } else if (byte === POINT && point === last) point = at;
      else return NaN;
    }
    if (digits === 0 || digits > EXACT_DIGITS) return NaN;
    // Both are exact as doubles, so their quotient is the double nearest to what the text says.
    return point === last ? whole : whole / POWERS[last - point - 1]!;
  }

  /** Whether a column's value is a string. */
  isString(column: number): boolean {
    return this.batch.bytes[this.start(column)] === QUOTE;
  }

  /** Whether it is one that says what its bytes are: it has no escape. */
  isPlainString(column: number): boolean {
    return this.isString(column) && !hasEscape(this.batch.bytes, this.start(column), this.end(column));
  }

  /** Whether `text` is what `get` gave for the column, of which that holds. */
  isVerbatim(column: number, text: string): boolean {
    return this.#rows[column] === this.#row && this.#values[column] === text && this.isPlainString(column);
  }

  *names(): Generator<string> {
    for (const [column, name] of this.batch.columns.names.entries()) if (this.has(column)) yield name;
  }

  #read(column: number): JsonValue | undefined {
    if (!this.has(column)) return undefined;
    const { bytes } = this.batch, from = this.start(column), to = this.end(column);
    if (!this.isPlainString(column)) return parseJson(this.#decoder.decode(bytes.subarray(from, to)));
    const whole = this.#text ?? this.#wholeText();
    if (whole === undefined) return this.#decoder.decode(bytes.subarray(from + 1, to - 1));
    const text = whole.slice(from + 1, to - 1);
    if (this.#isAscii) return text;
    let all = 0;
    for (let at = from + 1; at < to; at++) all |= bytes[at]!;
    return all < 128 ? text : this.#decoded(text, from + 1, to - 1);
  }

  /** The batch as a text, once that pays. */
  #wholeText(): string | undefined {
    if (++this.#reads <= FEW_READS) return undefined;
    const { buffer, byteOffset, length } = this.batch.bytes;
    this.#text = Buffer.from(buffer, byteOffset, length).toString("latin1");
    this.#isAscii = !BEYOND_ASCII.test(this.#text);
    return this.#text;
  }

  #decoded(raw: string, from: number, to: number): string {
    let text = this.#texts.get(raw);
    if (text === undefined) {
      text = this.#decoder.decode(this.batch.bytes.subarray(from, to));
      if (this.#texts.size < MOST_TEXTS) this.#texts.set(raw, text);
    }
    return text;
  }
}

function hasEscape(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === BACKSLASH) return true;
  return false;
}
