/**
 * What a mapping makes of the rows of a batch, written as JSON objects with sorted keys.
 *
 * @module
 */
import type { MappingProgram } from "../lql/mod.ts";
import { BatchEvent } from "./batch_event.ts";
import { viewOf } from "./byte_stretches.ts";
import { type IndexedBatch, isEmptyValue } from "./indexed_batch.ts";
import { isPlainString, JsonBytes } from "./json_bytes.ts";

const OPEN = 123, CLOSE = 125;
/** Values that are remembered of a column, and their longest. */
const MOST_VALUES = 2_048, LONGEST = 64;
/** Values looked up before it shows whether a column has few different ones. */
const TRIALS = 1_024;

const encoder = new TextEncoder();

/** Writes the rows of one batch, behind the texts that are there. */
export class MappedRows {
  /** By column, where its value in the row written last begins and ends; no value where both are one. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** What is written: with room for the keys of all columns at any time, so that keys make none. */
  readonly texts: JsonBytes;
  readonly #event: BatchEvent;
  readonly #source: DataView;
  readonly #columns: readonly MappedColumn[];

  constructor(
    private readonly program: MappingProgram,
    private readonly batch: IndexedBatch,
    texts: Uint8Array<ArrayBuffer>,
    length: number,
  ) {
    const { columns, contributions, sources } = program;
    this.starts = new Int32Array(columns.length);
    this.ends = new Int32Array(columns.length);
    this.#event = new BatchEvent(batch);
    this.#source = viewOf(batch.bytes);
    this.#columns = columns.map(({ name }, index): MappedColumn => {
      const { field, copied } = sources[index] ?? {};
      const source = field === undefined ? -1 : batch.columns.names.indexOf(field);
      return {
        index,
        name,
        key: viewOf(encoder.encode(`,${JSON.stringify(name)}:`)),
        contribution: contributions[index]!,
        source,
        copied: copied === true && source >= 0,
        memory: source >= 0 && copied !== true ? new ValueMemory() : undefined,
      };
    }).sort((a, b) => a.name < b.name ? -1 : 1);
    const braces = 2;
    this.texts = new JsonBytes(texts, length, this.#columns.reduce((sum, { key }) => sum + key.byteLength, braces));
  }

  /** Writes a row, whose event time is `at`; false, and an empty object, for one that the mapping leaves out. */
  write(row: number, at: number): boolean {
    const { texts: into, starts, ends } = this;
    const event = this.#event;
    event.move(row, at);
    into.reserve(0);
    const taken = this.program.takes(event);
    const first = into.length;
    into.put(OPEN);
    for (let place = 0; taken && place < this.#columns.length; place++) {
      const column = this.#columns[place]!, { key, index } = column;
      const before = into.length;
      // The first key takes the place of its comma.
      const skip = before === first + 1 ? 1 : 0;
      into.putBytes(key, skip, key.byteLength);
      starts[index] = into.length;
      this.#value(column, row);
      ends[index] = into.length;
      if (into.length === starts[index]) into.length = starts[index] = ends[index] = before;
    }
    into.put(CLOSE);
    return taken;
  }

  /** Writes a column's value, or nothing where it has none. */
  #value({ contribution, source, copied, memory }: MappedColumn, row: number): void {
    const { texts: into } = this;
    const event = this.#event;
    if (copied) {
      const { bytes, columns: { names, spans } } = this.batch;
      const span = 2 * (row * names.length + source), from = spans[span]!, to = spans[span + 1]!;
      if (isEmptyValue(bytes, from, to - from)) return;
      if (isPlainString(bytes, from, to)) return into.copy(this.#source, from, to);
    }
    const raw = memory === undefined || !memory.pays ? undefined : event.raw(source);
    if (raw !== undefined && memory!.copy(raw, into)) return;
    const start = into.length;
    const value = contribution(event);
    if (value !== undefined) into.value(value);
    if (raw !== undefined) memory!.keep(raw, into, start);
  }
}

/** A column as it is written. */
interface MappedColumn {
  /** Its place in the mapping. */
  readonly index: number;
  readonly name: string;
  /** A comma, its name as JSON, a colon. */
  readonly key: DataView;
  readonly contribution: MappingProgram["contributions"][number];
  /** The batch's column that alone decides its value; -1 where there is none. */
  readonly source: number;
  /** Whether a string is taken as it is. */
  readonly copied: boolean;
  readonly memory: ValueMemory | undefined;
}

/** What became of a column's values, by their bytes in the event: most columns say few different things. */
class ValueMemory {
  /** Whether most values were there already. */
  pays = true;
  #looks = 0;
  #found = 0;
  readonly #places = new Map<string, number>();
  readonly #values = new JsonBytes(new Uint8Array(4_096));
  #view = viewOf(this.#values.bytes);
  readonly #ends: number[] = [0];

  /** Writes what the bytes became before, if they were met. */
  copy(raw: string, into: JsonBytes): boolean {
    const place = this.#places.get(raw);
    if (++this.#looks === TRIALS) {
      this.pays = 2 * this.#found > TRIALS;
      this.#looks = this.#found = 0;
    }
    if (place === undefined) return false;
    this.#found++;
    into.copy(this.#view, this.#ends[place]!, this.#ends[place + 1]!);
    return true;
  }

  /** Remembers what is written from `start` on as what the bytes become. */
  keep(raw: string, into: JsonBytes, start: number): void {
    const size = into.length - start;
    if (raw.length > LONGEST || size > LONGEST || this.#places.size === MOST_VALUES) return;
    this.#places.set(raw, this.#places.size);
    this.#values.reserve(size);
    for (let at = start; at < into.length; at++) this.#values.put(into.bytes[at]!);
    this.#ends.push(this.#values.length);
    if (this.#view.buffer !== this.#values.bytes.buffer) this.#view = viewOf(this.#values.bytes);
  }
}
