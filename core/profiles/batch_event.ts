/**
 * The events of an indexed batch as mappings read them: one after another, a value decoded when it is asked for.
 *
 * @module
 */
import { isAscii } from "node:buffer";
import type { JsonValue } from "../contracts/records.ts";
import type { MappingEvent } from "../lql/mod.ts";
import { type IndexedBatch, isEmptyValue } from "./indexed_batch.ts";

const QUOTE = 34, BACKSLASH = 92;

/** One event of a batch at a time. */
export class BatchEvent implements MappingEvent {
  at = 0;
  #span = 0;
  readonly #columns: ReadonlyMap<string, number>;
  /** The batch as text where a byte is a character: most batches, and slicing costs next to nothing. */
  readonly #text: string | undefined;
  readonly #escapes: boolean;
  readonly #decoder = new TextDecoder();

  constructor(private readonly batch: IndexedBatch) {
    this.#columns = new Map(batch.columns.names.map((name, column) => [name, 2 * column]));
    this.#text = isAscii(batch.bytes) ? this.#decoder.decode(batch.bytes) : undefined;
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
    const isPlain = bytes[from] === QUOTE && !this.#escapes;
    const text = this.#text === undefined ? this.#decoder.decode(bytes.subarray(from, to)) : this.#text.slice(from, to);
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
