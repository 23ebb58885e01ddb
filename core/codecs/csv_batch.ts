/**
 * The growing block of JSON lines that becomes a `RecordBatch`.
 *
 * @module
 */
import { giveBack } from "../contracts/give_back.ts";
import type { RecordBatch } from "../contracts/records.ts";
import { WORD_SLACK } from "./csv_bytes.ts";

/** Room past the size at which a batch counts as full, so that its last row rarely has to be scanned twice. */
const SLACK = 65_536;

/** Value offsets in a batch: 4 Mi entries are 16 MiB. Bounds what a wide header with tiny rows can cost. */
const SPAN_LIMIT = 4_194_304;

/** How large a batch gets. */
export interface BatchLimits {
  /** Bytes of JSON lines. */
  readonly bytes: number;
  /** Rows. */
  readonly rows: number;
}

/** A batch being written; the scanner writes into `bytes` and `spans` itself and commits row by row. */
export class BatchBuffer {
  /** JSON lines; a row being written lies past `length`. */
  bytes: Uint8Array;
  /** The same memory, as {@linkcode copyWords} writes it. */
  view: DataView;
  /** Spans of the values, as in `ColumnIndex`. */
  spans: Uint32Array;
  /** Bytes of the rows committed. */
  length = 0;
  /** Rows committed. */
  count = 0;
  /** What stands before each value: `{"first":"` and `","next":"`, one after another. */
  readonly prefixes: DataView;
  /** Where each prefix starts in `prefixes`, and at last where they end. */
  readonly prefixEnds: Uint32Array;
  #rows: Uint32Array;
  /** Memory for the batch after this one: pages once touched are cheaper than new ones. */
  #spare: { readonly bytes: Uint8Array; readonly spans: Uint32Array; readonly rows: Uint32Array } | undefined;
  readonly #width: number;

  constructor(private readonly names: readonly string[], private readonly limits: BatchLimits) {
    const encoder = new TextEncoder();
    const parts = names.map((name, slot) => encoder.encode(`${slot === 0 ? "{" : '",'}${JSON.stringify(name)}:"`));
    this.prefixEnds = new Uint32Array(names.length + 1);
    parts.forEach((part, slot) => this.prefixEnds[slot + 1] = (this.prefixEnds[slot] ?? 0) + part.length);
    const prefixes = new Uint8Array((this.prefixEnds[names.length] ?? 0) + WORD_SLACK);
    parts.forEach((part, slot) => prefixes.set(part, this.prefixEnds[slot]));
    this.prefixes = new DataView(prefixes.buffer);
    this.#width = 2 * names.length;
    this.bytes = new Uint8Array(limits.bytes + SLACK);
    this.view = new DataView(this.bytes.buffer);
    this.spans = new Uint32Array(this.#width * 64);
    this.#rows = new Uint32Array(64);
  }

  /** Whether the batch should be taken before another row is written. */
  get full(): boolean {
    return this.length >= this.limits.bytes || this.count >= this.limits.rows || this.spanStart >= SPAN_LIMIT;
  }

  /** Where the spans of the next row go. */
  get spanStart(): number {
    return this.count * this.#width;
  }

  /** Makes room for the spans of one more row. */
  reserveSpans(): void {
    if (this.spanStart + this.#width > this.spans.length) {
      const larger = new Uint32Array(2 * this.spans.length);
      larger.set(this.spans);
      this.spans = larger;
    }
  }

  /**
   * Ends the row whose last value ends at `end` and whose spans end at `spanEnd`; the columns it lacks get empty
   * spans. Returns false, and commits nothing, when the row was written past the end of `bytes`, or might have been by
   * {@linkcode copyWords}.
   */
  commitRow(end: number, spanEnd: number): boolean {
    const { bytes, spans } = this;
    const start = this.length;
    if (end + WORD_SLACK > bytes.length) return false;
    let o = end;
    bytes[o++] = spanEnd === this.spanStart ? 0x7b : 0x22; // { or "
    bytes[o++] = 0x7d; // }
    bytes[o++] = 0x0a;
    const rowEnd = this.spanStart + this.#width;
    for (let s = spanEnd; s < rowEnd; s++) spans[s] = o - 2;
    if (this.count + 1 >= this.#rows.length) {
      const larger = new Uint32Array(2 * this.#rows.length);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    this.#rows[this.count++] = start;
    this.length = o;
    return true;
  }

  /** Makes room for a row that ends at `end`. */
  growBytes(end: number): void {
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, end + SLACK));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  /** Hands out the rows committed, in memory of their own, and starts anew. */
  take(): RecordBatch {
    const { length, count, names } = this;
    if (count === 0) {
      // The memory goes on being written to: whoever got it could give it back, or send it away.
      const columns = { names, spans: new Uint32Array(0) };
      return { bytes: new Uint8Array(0), rows: new Uint32Array(1), times: new Float64Array(0), columns };
    }
    this.#rows[count] = length;
    const batch: RecordBatch = {
      bytes: this.bytes.subarray(0, length),
      rows: this.#rows.subarray(0, count + 1),
      times: new Float64Array(count).fill(NaN),
      columns: { names, spans: this.spans.subarray(0, this.spanStart) },
    };
    const spare = this.#spare;
    this.#spare = undefined;
    this.bytes = spare?.bytes ?? new Uint8Array(this.limits.bytes + SLACK);
    this.view = new DataView(this.bytes.buffer);
    this.spans = spare?.spans ?? new Uint32Array(this.spans.length);
    this.#rows = spare?.rows ?? new Uint32Array(this.#rows.length);
    this.length = 0;
    this.count = 0;
    return batch;
  }

  /** Takes the memory of a batch that was handed out, for one to come; one that is empty or went to another thread has none. */
  recycle({ bytes, rows, times, columns, places }: RecordBatch): void {
    giveBack(times);
    if (places !== undefined) giveBack(places.lines, places.offsets);
    if (columns === undefined || bytes.buffer.byteLength === 0) return;
    if (this.#spare !== undefined) giveBack(this.#spare.bytes, this.#spare.spans, this.#spare.rows);
    this.#spare = {
      bytes: new Uint8Array(bytes.buffer),
      spans: new Uint32Array(columns.spans.buffer),
      rows: new Uint32Array(rows.buffer),
    };
  }
}
