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
  readonly #columns: ReadonlyMap<string, number>;
  /** The batch, a character for each byte: slicing it costs next to nothing. */
  readonly #text: string;
  /** Whether the batch's bytes are its characters, and no string in it has an escape. */
  readonly #isPlain: boolean;
  readonly #decoder = new TextDecoder();
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
    this.#isPlain = !BEYOND_ASCII.test(this.#text) && !batch.bytes.includes(BACKSLASH);
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

  /** The bytes of a column's value, a character each; empty where it has none. */
  raw(column: number): string {
    const { bytes, columns: { spans } } = this.batch;
    const from = spans[this.#span + 2 * column]!, to = spans[this.#span + 2 * column + 1]!;
    return isEmptyValue(bytes, from, to - from) ? "" : this.#text.slice(from, to);
  }

  *names(): Generator<string> {
    const { bytes, columns: { names, spans } } = this.batch;
    for (const [column, name] of names.entries()) {
      const from = spans[this.#span + 2 * column]!, to = spans[this.#span + 2 * column + 1]!;
      if (!isEmptyValue(bytes, from, to - from)) yield name;
    }
  }

  #read(column: number): JsonValue | undefined {
    const { bytes, columns: { spans } } = this.batch;
    const from = spans[this.#span + 2 * column]!, to = spans[this.#span + 2 * column + 1]!;
    if (isEmptyValue(bytes, from, to - from)) return undefined;
    if (bytes[from] === QUOTE) {
      if (this.#isPlain) return this.#text.slice(from + 1, to - 1);
      let all = 0, escaped = false;
      for (let at = from + 1; at < to; at++) {
        const byte = bytes[at]!;
        all |= byte;
        if (byte === BACKSLASH) escaped = true;
      }
      if (!escaped) return all < 128 ? this.#text.slice(from + 1, to - 1) : this.#decoded(from + 1, to - 1);
    }
    return parseJson(this.#decoder.decode(bytes.subarray(from, to)));
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
