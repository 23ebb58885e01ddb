/**
 * The archive's lines: `{"at":…,"data":{…}}`, event time in milliseconds and the event as it came.
 *
 * @module
 */
import { COPY_SLACK, copyBytes, viewOf } from "./byte_stretches.ts";
import type { IndexedBatch } from "./indexed_batch.ts";

const encoder = new TextEncoder();
const BEFORE = viewOf(encoder.encode('{"at":'));
const BETWEEN = viewOf(encoder.encode(',"data":'));
const CLOSE = 125, LF = 10, MINUS = 45, ZERO = 48;

/** A growing block of archive lines. */
export class EventLines {
  /** Lines added. */
  count = 0;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 20);
  #length = 0;

  /** The lines so far. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets the lines and keeps the memory. */
  clear(): void {
    this.count = 0;
    this.#length = 0;
  }

  /** Adds a batch's events; those without a time of their own get `startedAt`. */
  add({ bytes, rows, times }: IndexedBatch, startedAt: number): void {
    const most = this.#length + bytes.length + times.length * 40 + COPY_SLACK;
    if (most > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(most, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    const out = this.#bytes, target = viewOf(out);
    let put = this.#length;
    for (let row = 0; row < times.length; row++) {
      const at = Number.isNaN(times[row]!) ? startedAt : times[row]!;
      put = copyBytes(BEFORE, 0, BEFORE.byteLength, target, put);
      put = writeInteger(out, put, at);
      put = copyBytes(BETWEEN, 0, BETWEEN.byteLength, target, put);
      const line = bytes.subarray(rows[row]!, rows[row + 1]! - 1);
      out.set(line, put);
      put += line.length;
      out[put++] = CLOSE;
      out[put++] = LF;
    }
    this.#length = put;
    this.count += times.length;
  }
}

/** Writes a whole number in decimal; gives where it ends. */
function writeInteger(out: Uint8Array, start: number, value: number): number {
  let rest = Math.abs(value);
  let end = start + (value < 0 ? 1 : 0);
  if (value < 0) out[start] = MINUS;
  let digits = 1;
  for (let power = 10; power <= rest; power *= 10) digits++;
  end += digits;
  for (let put = end - 1; digits > 0; digits--, put--) {
    const tenth = Math.floor(rest / 10);
    out[put] = ZERO + rest - 10 * tenth;
    rest = tenth;
  }
  return end;
}
