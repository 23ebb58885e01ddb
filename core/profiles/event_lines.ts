/**
 * The archive's lines: `{"at":…,"data":{…}}`, event time in milliseconds and the event as it came.
 *
 * @module
 */
import type { IndexedBatch } from "./indexed_batch.ts";

const encoder = new TextEncoder();
const BEFORE = encoder.encode('{"at":');
const BETWEEN = encoder.encode(',"data":');
const CLOSE = 125, LF = 10;

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
    const most = this.#length + bytes.length + times.length * 40;
    if (most > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(most, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    const out = this.#bytes;
    let put = this.#length;
    let lastTime = NaN;
    let time = new Uint8Array(0);
    for (let row = 0; row < times.length; row++) {
      const at = Number.isNaN(times[row]!) ? startedAt : times[row]!;
      if (at !== lastTime) {
        lastTime = at;
        time = encoder.encode(String(at));
      }
      out.set(BEFORE, put);
      put += BEFORE.length;
      out.set(time, put);
      put += time.length;
      out.set(BETWEEN, put);
      put += BETWEEN.length;
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
