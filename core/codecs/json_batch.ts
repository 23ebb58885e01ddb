/**
 * The growing block of JSON lines that records become: a `RecordBatch` with its columns.
 *
 * @module
 */
import { giveBack } from "../contracts/give_back.ts";
import type { RecordBatch } from "../contracts/records.ts";
import { JsonColumns, LEFT_OUT } from "./json_columns.ts";
import { JsonRow } from "./json_row.ts";

/** Rows × columns of a batch of more than one row: bounds what records without a field in common cost. */
const MOST_CELLS = 1 << 20;

/** Values shorter than this are copied byte by byte, which is quicker than a call. */
const SHORT = 48;

const OPEN = 0x7b, CLOSE = 0x7d, COMMA = 0x2c, COLON = 0x3a, LF = 0x0a;

/** Memory for a batch. */
interface Room {
  bytes: Uint8Array<ArrayBuffer>;
  /** Two entries for each row and column; a row has room for `width` columns. */
  spans: Uint32Array<ArrayBuffer>;
  rows: Uint32Array<ArrayBuffer>;
}

/** Of a batch that has no row yet. */
const NONE: Room = { bytes: new Uint8Array(0), spans: new Uint32Array(0), rows: new Uint32Array(1) };

/** A batch being written, row by row. */
export class JsonBatch {
  /** Fields of its records. */
  readonly columns: JsonColumns;
  /** The row that is to be written next. */
  readonly row = new JsonRow();
  /** Rows written. */
  count = 0;
  #length = 0;
  #width = 16;
  /** Fields that the rows written have. */
  #fields = 0;
  #room = NONE;
  #spare: Room | undefined;
  /** Bytes and rows that the batch before had room for. */
  #before = { bytes: 65_536, rows: 1_024 };

  constructor(kept: readonly string[] = []) {
    this.columns = new JsonColumns(kept);
  }

  /** Whether it should be taken before another row is written. */
  get isFull(): boolean {
    return this.count * this.columns.names.length >= MOST_CELLS;
  }

  /**
   * Writes the row: its values from `line`, or as the row has them itself; where they lie there just as the batch wants
   * them, all from `start` to `end` at once. False, and as if the row had not been, where there are too many columns for
   * another one: the batch is to be taken first.
   */
  write(line: Uint8Array, start: number, end: number): boolean {
    const { columns: { names }, row, count } = this;
    if (count * names.length > MOST_CELLS) {
      this.columns.forget(this.#fields);
      return false;
    }
    this.#reserve(end - start + row.made.length + 4);
    const { rows } = this.#room;
    rows[count] = this.#length;
    // Columns that are still to come: the memory may have served before.
    this.#room.spans.fill(0, 2 * (count * this.#width + names.length), 2 * (count + 1) * this.#width);
    if (row.isWritten) this.#copy(line, start, end);
    else this.#put(line);
    this.count = count + 1;
    this.#fields = this.columns.count;
    return true;
  }

  /** Where the value of a field lies in the row that was written last; undefined where it has none, or it is not kept. */
  last(field: number): { readonly bytes: Uint8Array; readonly start: number; readonly end: number } | undefined {
    const column = this.columns.columns[field] ?? LEFT_OUT;
    if (column === LEFT_OUT) return undefined;
    const { bytes, spans } = this.#room, span = 2 * ((this.count - 1) * this.#width + column);
    const start = spans[span]!, end = spans[span + 1]!;
    return start === end ? undefined : { bytes, start, end };
  }

  /** Takes the row that was written last back. */
  drop(): void {
    this.#length = this.#room.rows[--this.count]!;
  }

  /** Hands out the rows written, and starts anew. */
  take(): RecordBatch {
    const { count } = this, { bytes, rows } = this.#room;
    const { names } = this.columns;
    if (count === 0) {
      this.columns.clear();
      this.#length = this.#fields = 0;
      // The memory goes on being written to: whoever got it could give it back, or send it away.
      const columns = { names, spans: new Uint32Array(0) };
      return { bytes: new Uint8Array(0), rows: new Uint32Array(1), times: new Float64Array(0), columns };
    }
    const spans = this.#spansOf(names.length);
    rows[count] = this.#length;
    const batch: RecordBatch = {
      bytes: bytes.subarray(0, this.#length),
      rows: rows.subarray(0, count + 1),
      times: new Float64Array(count).fill(NaN),
      columns: { names, spans },
    };
    this.#before = { bytes: bytes.length, rows: rows.length };
    this.#room = NONE;
    this.columns.clear();
    this.count = this.#length = this.#fields = 0;
    return batch;
  }

  /** Takes the memory of a batch that was handed out, for one to come; one that went to another thread has none. */
  recycle({ bytes, rows, times, columns, places }: RecordBatch): void {
    giveBack(times);
    if (places !== undefined) giveBack(places.lines, places.offsets);
    if (columns === undefined || bytes.buffer.byteLength === 0) return;
    if (this.#spare !== undefined) giveBack(this.#spare.bytes, this.#spare.spans, this.#spare.rows);
    this.#spare = {
      bytes: new Uint8Array(bytes.buffer as ArrayBuffer),
      spans: new Uint32Array(columns.spans.buffer as ArrayBuffer),
      rows: new Uint32Array(rows.buffer as ArrayBuffer),
    };
  }

  /** The line as it stands. */
  #copy(line: Uint8Array, start: number, end: number): void {
    const { row, columns: { fields, names }, count } = this;
    const { bytes, spans } = this.#room;
    const shift = this.#length - start;
    bytes.set(line.subarray(start, end), this.#length);
    const first = 2 * count * this.#width, width = names.length;
    for (let column = 0; column < width; column++) {
      const field = fields[column]!, there = row.has(field);
      spans[first + 2 * column] = there ? row.starts[field]! + shift : 0;
      spans[first + 2 * column + 1] = there ? row.ends[field]! + shift : 0;
    }
    this.#length += end - start;
    bytes[this.#length++] = LF;
  }

  /** The values one by one, in the order of the columns and without white space. */
  #put(line: Uint8Array): void {
    const { row, columns: { fields, keys, names }, count } = this;
    const { bytes, spans } = this.#room;
    const first = 2 * count * this.#width, width = names.length;
    const start = this.#length;
    let put = start;
    for (let column = 0; column < width; column++) {
      const field = fields[column]!, span = first + 2 * column;
      if (!row.has(field)) {
        spans[span] = spans[span + 1] = 0;
        continue;
      }
      bytes[put] = put === start ? OPEN : COMMA;
      const key = keys[field]!;
      put = copyBytes(key, 0, key.length, bytes, put + 1);
      bytes[put++] = COLON;
      spans[span] = put;
      put = copyBytes(row.isMade(field) ? row.made.bytes : line, row.starts[field]!, row.ends[field]!, bytes, put);
      spans[span + 1] = put;
    }
    if (put === start) bytes[put++] = OPEN;
    bytes[put++] = CLOSE;
    bytes[put++] = LF;
    this.#length = put;
  }

  /** Makes room for a row. */
  #reserve(most: number): void {
    // Not when the batch before was taken: by now its memory may have come back.
    if (this.#room === NONE) this.#room = this.#takeRoom();
    const room = this.#room, { count } = this;
    if (this.#length + most > room.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * room.bytes.length, this.#length + most));
      larger.set(room.bytes.subarray(0, this.#length));
      giveBack(room.bytes);
      room.bytes = larger;
    }
    if (count + 2 > room.rows.length) {
      const larger = new Uint32Array(2 * room.rows.length);
      larger.set(room.rows);
      giveBack(room.rows);
      room.rows = larger;
    }
    const width = this.columns.names.length;
    if (width > this.#width) {
      const wider = Math.max(width, count === 0 ? 0 : Math.min(2 * this.#width, Math.floor(MOST_CELLS / count)));
      room.spans = relaid(room.spans, count, this.#width, wider);
      this.#width = wider;
    }
    const need = 2 * (count + 1) * this.#width;
    if (need > room.spans.length) {
      const larger = new Uint32Array(Math.max(need, 2 * room.spans.length));
      larger.set(room.spans);
      giveBack(room.spans);
      room.spans = larger;
    }
  }

  #takeRoom(): Room {
    const { bytes, rows } = this.#before;
    const room = this.#spare ??
      { bytes: new Uint8Array(bytes), spans: new Uint32Array(2_048), rows: new Uint32Array(rows) };
    this.#spare = undefined;
    return room;
  }

  /** The spans without the room for columns that did not come. */
  #spansOf(width: number): Uint32Array {
    const { count } = this, { spans } = this.#room;
    if (width < this.#width) {
      for (let row = 1; row < count; row++) {
        const from = 2 * row * this.#width;
        spans.copyWithin(2 * row * width, from, from + 2 * width);
      }
    }
    // The next batch has the same columns, most likely.
    this.#width = Math.max(width, 1);
    return spans.subarray(0, 2 * count * width);
  }
}

/** The spans of `count` rows with room for more columns. */
function relaid(spans: Uint32Array, count: number, width: number, wider: number): Uint32Array<ArrayBuffer> {
  const laid = new Uint32Array(2 * (count + 1) * wider);
  for (let row = 0; row < count; row++) {
    laid.set(spans.subarray(2 * row * width, 2 * (row + 1) * width), 2 * row * wider);
  }
  return laid;
}

function copyBytes(source: Uint8Array, start: number, end: number, into: Uint8Array, at: number): number {
  if (end - start >= SHORT) into.set(source.subarray(start, end), at);
  else for (let from = start, put = at; from < end; from++, put++) into[put] = source[from]!;
  return at + end - start;
}
