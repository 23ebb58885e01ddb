/**
 * The events of an indexed batch as mappings read them: one after another, a value decoded when it is asked for.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { JsonValue } from "../contracts/records.ts";
import type { MappingEvent } from "../lql/mod.ts";
import { type IndexedBatch, isEmptyValue } from "./indexed_batch.ts";

const QUOTE = 34, BACKSLASH = 92;
/** What is not ASCII, in a text of bytes. */
const BEYOND_ASCII = /[\u0080-\u00ff]/;

/** One event of a batch at a time. */
export class BatchEvent implements MappingEvent {
  at = 0;
  #span = 0;
  readonly #columns: ReadonlyMap<string, number>;
  /** The batch, a character for each byte: slicing it costs next to nothing. */
  readonly #text: string;
  readonly #isAscii: boolean;
  readonly #escapes: boolean;
  readonly #decoder = new TextDecoder();

  constructor(private readonly batch: IndexedBatch) {
    this.#columns = new Map(batch.columns.names.map((name, column) => [name, 2 * column]));
    const { buffer, byteOffset, length } = batch.bytes;
    this.#text = Buffer.from(buffer, byteOffset, length).toString("latin1");
    this.#isAscii = !BEYOND_ASCII.test(this.#text);
    this.#escapes = batch.bytes.includes(BACKSLASH);
  }

  /** Moves to a row. `at` is its event time. */
  move(row: number, at: number): void {
    this.at = at;
    this.#span = 2 * row * this.batch.columns.names.length;
  }

  get(name: string): JsonValue | undefined {
    const column = this.#columns.get(name);
    if (column === undefined) return undefined;
    const { bytes, columns: { spans } } = this.batch;
    const from = spans[this.#span + column]!, to = spans[this.#span + column + 1]!;
    if (isEmptyValue(bytes, from, to - from)) return undefined;
    const raw = this.#text.slice(from, to);
    const text = this.#isAscii || !BEYOND_ASCII.test(raw) ? raw : this.#decoder.decode(bytes.subarray(from, to));
    const isPlain = bytes[from] === QUOTE && !(this.#escapes && text.includes("\\"));
    return isPlain ? text.slice(1, -1) : JSON.parse(text);
  }

  *names(): Generator<string> {
    const { bytes, columns: { names, spans } } = this.batch;
    for (const [column, name] of names.entries()) {
      const from = spans[this.#span + 2 * column]!, to = spans[this.#span + 2 * column + 1]!;
      if (!isEmptyValue(bytes, from, to - from)) yield name;
    }
  }
}
