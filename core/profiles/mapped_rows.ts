/**
 * What a mapping makes of the rows of a batch, written as JSON objects with sorted keys.
 *
 * @module
 */
import type { MappingProgram } from "../lql/mod.ts";
import { BatchEvent } from "./batch_event.ts";
import { viewOf } from "./byte_stretches.ts";
import type { IndexedBatch } from "./indexed_batch.ts";
import { JsonBytes } from "./json_bytes.ts";
import { MappedColumns, type WrittenColumn } from "./mapped_columns.ts";
import { putForm } from "./text_forms.ts";
import { UNKNOWN } from "./value_memory.ts";

const OPEN = 123, CLOSE = 125;

/** Writes the rows of one batch, behind the texts that are there. */
export class MappedRows {
  /** By column, where its value in the row written last begins and ends; no value where both are one. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** What is written: with room for the keys of all columns at any time, so that keys make none. */
  readonly texts: JsonBytes;
  /** The columns, for batches that come later. */
  readonly columns: MappedColumns;
  readonly #event: BatchEvent;
  readonly #source: DataView;

  /** `known` are the columns of a batch before, if there was one. */
  constructor(
    private readonly program: MappingProgram,
    batch: IndexedBatch,
    texts: Uint8Array<ArrayBuffer>,
    length: number,
    known?: MappedColumns,
  ) {
    this.starts = new Int32Array(program.columns.length);
    this.ends = new Int32Array(program.columns.length);
    this.#event = new BatchEvent(batch);
    this.#source = viewOf(batch.bytes);
    this.columns = known?.turnTo(batch) ?? new MappedColumns(program, batch);
    const braces = 2;
    this.texts = new JsonBytes(texts, length, this.columns.list.reduce((sum, { key }) => sum + key.byteLength, braces));
  }

  /** Writes a row, whose event time is `at`; false, and an empty object, for one that the mapping leaves out. */
  write(row: number, at: number): boolean {
    const { texts: into, starts, ends } = this;
    const event = this.#event, columns = this.columns.list;
    event.move(row, at);
    into.reserve(0);
    const taken = this.program.takes(event);
    const first = into.length;
    into.put(OPEN);
    for (let place = 0; taken && place < columns.length; place++) {
      const column = columns[place]!, { key, index } = column;
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
  #value({ value, time, source, form, memory }: WrittenColumn, row: number): void {
    const { texts: into } = this;
    const event = this.#event;
    if (form !== undefined) {
      if (!event.has(source)) return;
      // Escapes matter to nothing but the text itself: the other forms have none.
      if (form === "text" ? event.isPlainString(source) : event.isString(source)) {
        if (putForm(form, this.#source, event.start(source), event.end(source), into)) return;
      }
    }
    const said = memory === undefined ? UNKNOWN : memory.said(event, row);
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
