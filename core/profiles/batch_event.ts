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

const QUOTE = 34, BACKSLASH = 92;
/** What is not ASCII, in a text of bytes. */
const BEYOND_ASCII = /[\u0080-\u00ff]/;
/** Texts beyond ASCII that are remembered: many columns hold few different ones. */
const MOST_TEXTS = 4_096;

/** One event of a batch at a time. */
export class BatchEvent implements MappingEvent {
  at = 0;
  #row = -1;
  #span = 0;
  /** Where the first escape at or behind the row stands. */
  #escape = -1;
  /** Whether the row has an escape in any of its strings. */
  #escapes = false;
  readonly #columns: ReadonlyMap<string, number>;
  /** The batch, a character for each byte: slicing it costs next to nothing. */
  readonly #text: string;
  /** Whether the batch's bytes are its characters. */
  readonly #isAscii: boolean;
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
    const { buffer, byteOffset, length } = batch.bytes;
    this.#text = Buffer.from(buffer, byteOffset, length).toString("latin1");
    this.#isAscii = !BEYOND_ASCII.test(this.#text);
  }

  /** The batch's. */
  get bytes(): Uint8Array {
    return this.batch.bytes;
  }

  /** Moves to a row. `at` is its event time. */
  move(row: number, at: number): void {
    const { bytes, rows, columns: { names } } = this.batch;
    const start = rows[row]!;
    if (row < this.#row) this.#escape = -1;
    if (this.#escape < start) {
      const next = bytes.indexOf(BACKSLASH, start);
      this.#escape = next < 0 ? Infinity : next;
    }
    this.#escapes = this.#escape < rows[row + 1]!;
    this.at = at;
    this.#row = row;
    this.#span = 2 * row * names.length;
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

  /** Whether a column's value is a string that surely says what its bytes are: no string of its row has an escape. */
  isPlainString(column: number): boolean {
    return !this.#escapes && this.batch.bytes[this.start(column)] === QUOTE;
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
    if (bytes[from] !== QUOTE || (this.#escapes && hasEscape(bytes, from, to))) {
      return parseJson(this.#decoder.decode(bytes.subarray(from, to)));
    }
    if (this.#isAscii) return this.#text.slice(from + 1, to - 1);
    let all = 0;
    for (let at = from + 1; at < to; at++) all |= bytes[at]!;
    return all < 128 ? this.#text.slice(from + 1, to - 1) : this.#decoded(from + 1, to - 1);
  }

  #decoded(from: number, to: number): string {
    const raw = this.#text.slice(from, to);
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
