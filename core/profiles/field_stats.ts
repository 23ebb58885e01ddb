/**
 * What a stream's fields hold: how often each is filled, and a few examples.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import { type IndexedBatch, isEmptyValue } from "./indexed_batch.ts";

/** Examples kept per field. */
const EXAMPLES = 5;
/** Longer values make no example. */
const EXAMPLE_BYTES = 200;
/** Values looked at for examples. */
const EXAMPLES_AMONG = 1000;

/** One field's figures. */
export interface FieldStat {
  /** Events with a non-empty value. */
  filled: number;
  /** Up to five different values, the first that came. */
  examples: JsonValue[];
}

/** The first five different values of a list. */
export function firstExamples(values: readonly JsonValue[]): JsonValue[] {
  const byText = new Map<string, JsonValue>();
  for (const value of values) {
    const text = JSON.stringify(value);
    if (byText.size < EXAMPLES && !byText.has(text)) byText.set(text, value);
  }
  return [...byText.values()];
}

/** Counts the fields of batches. */
export class FieldStats {
  readonly #fields = new Map<string, FieldStat>();
  readonly #decoder = new TextDecoder();

  /** The fields by name, in the order they were first seen. */
  get fields(): ReadonlyMap<string, FieldStat> {
    return this.#fields;
  }

  /** Adds a batch's rows. */
  add(batch: IndexedBatch): void {
    const { bytes, times, columns: { names, spans } } = batch;
    const width = names.length, end = 2 * width * times.length;
    const stats = names.map((name, column) => {
      const stat = this.#fields.get(name) ?? { filled: 0, examples: [] };
      this.#fields.set(name, stat);
      // Before they are counted: its first values are those not counted yet.
      this.#takeExamples(stat, batch, column);
      return stat;
    });
    const filled = new Uint32Array(width);
    for (let at = 0, column = 0; at < end; at += 2) {
      const from = spans[at]!;
      if (!isEmptyValue(bytes, from, spans[at + 1]! - from)) filled[column]!++;
      if (++column === width) column = 0;
    }
    stats.forEach((stat, column) => stat.filled += filled[column]!);
  }

  #takeExamples(stat: FieldStat, { bytes, times, columns: { names, spans } }: IndexedBatch, column: number): void {
    const step = 2 * names.length;
    let seen = stat.filled;
    for (let row = 0, at = 2 * column; row < times.length && seen < EXAMPLES_AMONG; row++, at += step) {
      if (stat.examples.length === EXAMPLES) return;
      const from = spans[at]!, size = spans[at + 1]! - from;
      if (isEmptyValue(bytes, from, size)) continue;
      seen++;
      if (size > EXAMPLE_BYTES) continue;
      const value: JsonValue = parseJson(this.#decoder.decode(bytes.subarray(from, from + size)));
      if (!stat.examples.includes(value)) stat.examples = firstExamples([...stat.examples, value]);
    }
  }
}
