/**
 * What a stream's fields hold: how often each is filled, and a few examples.
 *
 * @module
 */
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
  add({ bytes, times, columns: { names, spans } }: IndexedBatch): void {
    const width = names.length;
    names.forEach((name, column) => {
      let stat = this.#fields.get(name);
      if (stat === undefined) this.#fields.set(name, stat = { filled: 0, examples: [] });
      for (let at = 2 * column, end = 2 * width * times.length; at < end; at += 2 * width) {
        const from = spans[at]!, size = spans[at + 1]! - from;
        if (isEmptyValue(bytes, from, size)) continue;
        stat.filled++;
        if (stat.examples.length < EXAMPLES && stat.filled <= EXAMPLES_AMONG && size <= EXAMPLE_BYTES) {
          const value: JsonValue = JSON.parse(this.#decoder.decode(bytes.subarray(from, from + size)));
          if (!stat.examples.includes(value)) stat.examples = firstExamples([...stat.examples, value]);
        }
      }
    });
  }
}
