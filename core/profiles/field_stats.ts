/**
 * What a stream's fields hold: how often each is filled, and a few examples.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import { ChangeRows } from "./changes/change_rows.ts";
import { CUSTOMER_ID } from "./changes/read_changes.ts";
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

  /** Adds the rows of a profile import: an attribute is filled where one is written to. */
  addChanges(batch: IndexedBatch): void {
    const rows = new ChangeRows(batch);
    for (let row = 0; row < batch.times.length; row++) {
      const isPlain = rows.move(row);
      const id = this.#filled(CUSTOMER_ID);
      if (takesExamples(id)) addExample(id, rows.id);
      if (isPlain) {
        const stat = this.#filled(rows.name);
        if (takesExamples(stat)) addExample(stat, rows.value);
        continue;
      }
      const changes = rows.changes();
      if (typeof changes === "string") continue;
      for (const [name, change] of changes) {
        const stat = this.#filled(name);
        if (takesExamples(stat) && change.kind === "assign") addExample(stat, change.value);
      }
    }
  }

  /** The figures of a field, one event more counted. */
  #filled(name: string): FieldStat {
    let stat = this.#fields.get(name);
    if (stat === undefined) this.#fields.set(name, stat = { filled: 0, examples: [] });
    stat.filled++;
    return stat;
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

function takesExamples({ examples, filled }: FieldStat): boolean {
  return examples.length < EXAMPLES && filled <= EXAMPLES_AMONG;
}

function addExample(stat: FieldStat, value: JsonValue | undefined): void {
  if (value === undefined || JSON.stringify(value).length > EXAMPLE_BYTES || stat.examples.includes(value)) return;
  stat.examples = firstExamples([...stat.examples, value]);
}
