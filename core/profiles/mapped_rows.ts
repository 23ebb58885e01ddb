/**
 * What a mapping makes of the rows of a batch, written as JSON objects with sorted keys.
 *
 * @module
 */
import type { Contribution, Decided, MappingProgram } from "../lql/mod.ts";
import { BatchEvent } from "./batch_event.ts";
import { viewOf } from "./byte_stretches.ts";
import type { IndexedBatch } from "./indexed_batch.ts";
import { JsonBytes } from "./json_bytes.ts";
import { FieldValues, RememberedCondition, RememberedValues, Saying, UNKNOWN } from "./value_memory.ts";

const OPEN = 123, CLOSE = 125;

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
  readonly #columns: readonly WrittenColumn[];
  /** By place in the batch. */
  readonly #values = new Map<number, FieldValues>();

  constructor(
    private readonly program: MappingProgram,
    private readonly batch: IndexedBatch,
    texts: Uint8Array<ArrayBuffer>,
    length: number,
  ) {
    const { columns, contributions } = program;
    this.starts = new Int32Array(columns.length);
    this.ends = new Int32Array(columns.length);
    this.#event = new BatchEvent(batch);
    this.#source = viewOf(batch.bytes);
    this.#columns = columns.map(({ name }, index) => this.#columnOf(name, index, contributions[index]!))
      .sort((a, b) => a.name < b.name ? -1 : 1);
    const braces = 2;
    this.texts = new JsonBytes(texts, length, this.#columns.reduce((sum, { key }) => sum + key.byteLength, braces));
  }

  #columnOf(name: string, index: number, { condition, value, time, copied }: Contribution): WrittenColumn {
    const places = this.#placesOf(value);
    const alone = places?.length === 1 ? places[0]! : -1;
    const saying = copied ? undefined : this.#sayingOf(places);
    return {
      index,
      name,
      key: viewOf(encoder.encode(`,${JSON.stringify(name)}:`)),
      holds: condition && this.#conditionOf(condition),
      value: value.of,
      time,
      source: alone,
      copied: copied && alone >= 0,
      memory: saying && new RememberedValues(saying),
    };
  }

  #conditionOf(condition: Decided<boolean>): WrittenColumn["holds"] {
    const saying = this.#sayingOf(this.#placesOf(condition));
    if (saying === undefined) return condition.of;
    const remembered = new RememberedCondition(saying, condition.of);
    return (event, row) => remembered.of(event, row);
  }

  /** The places in the batch of the fields that alone decide; what is in no row decides nothing. */
  #placesOf({ fields }: Decided<unknown>): readonly number[] | undefined {
    return fields?.map((field) => this.batch.columns.names.indexOf(field)).filter((place) => place >= 0);
  }

  #sayingOf(places: readonly number[] | undefined): Saying | undefined {
    if (places === undefined || places.length === 0) return undefined;
    return new Saying(places.map((place) => {
      const values = this.#values.get(place) ?? new FieldValues(this.#event, this.batch.bytes, place);
      this.#values.set(place, values);
      return values;
    }));
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
      if (column.holds === undefined || column.holds(event, row)) {
        // The first key takes the place of its comma.
        into.putBytes(key, before === first + 1 ? 1 : 0, key.byteLength);
        starts[index] = into.length;
        this.#value(column, row);
        ends[index] = into.length;
        if (into.length > starts[index]) continue;
      }
      into.length = starts[index] = ends[index] = before;
    }
    into.put(CLOSE);
    return taken;
  }

  /** Writes a column's value, or nothing where it has none. */
  #value({ value, time, source, copied, memory }: WrittenColumn, row: number): void {
    const { texts: into } = this;
    const event = this.#event;
    if (copied) {
      if (!event.has(source)) return;
      if (event.isPlainString(source)) return into.copy(this.#source, event.start(source), event.end(source));
    }
    const said = memory === undefined ? UNKNOWN : memory.said(row);
    if (said !== UNKNOWN && memory!.copy(said, into)) return;
    const start = into.length;
    if (time !== undefined) {
      const at = time(event);
      if (at !== undefined) into.time(at);
    } else {
      const found = value(event);
      if (typeof found === "string" && source >= 0 && event.isVerbatim(source, found)) {
        into.copy(this.#source, event.start(source), event.end(source));
      } else if (found !== undefined) into.value(found);
    }
    if (said !== UNKNOWN) memory!.keep(said, into, start);
  }
}

/** A column as it is written. */
interface WrittenColumn {
  /** Its place in the mapping. */
  readonly index: number;
  readonly name: string;
  /** A comma, its name as JSON, a colon. */
  readonly key: DataView;
  /** IF. */
  readonly holds: ((event: BatchEvent, row: number) => boolean) | undefined;
  readonly value: Contribution["value"]["of"];
  readonly time: Contribution["time"];
  /** The batch's column that alone decides its value; -1 where there is none. */
  readonly source: number;
  /** Whether a string is taken as it is. */
  readonly copied: boolean;
  readonly memory: RememberedValues | undefined;
}
