/**
 * The archive's lines: `{"at":…,"data":{…}}`, event time in milliseconds and the event as it came.
 *
 * @module
 */
import { COPY_SLACK, copyBytes, viewOf } from "./byte_stretches.ts";
import type { IndexedBatch } from "./indexed_batch.ts";

const encoder = new TextEncoder();
const CLOSE = 125, LF = 10;
/** Lines up to so many bytes are copied in words, which is quicker than a call. */
const SHORT = 64;

/** A growing block of archive lines. */
export class EventLines {
  /** Lines added. */
  count = 0;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 20);
  #length = 0;
  /** What stands before an event, and the time in it: that of the event before is mostly the next one's, too. */
  #head: DataView = viewOf(new Uint8Array(0));
  #time = NaN;

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
    const out = this.#bytes, source = viewOf(bytes), target = viewOf(out);
    let put = this.#length;
    for (let row = 0; row < times.length; row++) {
      this.#headFor(Number.isNaN(times[row]!) ? startedAt : times[row]!);
      put = copyBytes(this.#head, 0, this.#head.byteLength, target, put);
      const start = rows[row]!, end = rows[row + 1]! - 1;
      if (end - start <= SHORT) put = copyBytes(source, start, end, target, put);
      else {
        out.set(bytes.subarray(start, end), put);
        put += end - start;
      }
      out[put++] = CLOSE;
      out[put++] = LF;
    }
    this.#length = put;
    this.count += times.length;
  }

  #headFor(time: number): void {
    if (time === this.#time) return;
    this.#head = viewOf(encoder.encode(`{"at":${time},"data":`));
    this.#time = time;
  }
}
