/**
 * The archive's lines: `{"at":…,"data":{…}}`, event time in milliseconds and the event as it came.
 *
 * @module
 */
import { giveBack } from "../contracts/give_back.ts";
import { COPY_SLACK, copyBytes, viewOf } from "./byte_stretches.ts";
import type { IndexedBatch } from "./indexed_batch.ts";

const encoder = new TextEncoder();
const BEFORE = encoder.encode('{"at":'), BETWEEN = encoder.encode(',"data":');
const CLOSE = 125, LF = 10, MINUS = 45, ZERO = 48;
/** The longest number of milliseconds, its sign included. */
const DIGITS = 17;
/** Lines up to so many bytes are copied in words, which is quicker than a call. */
const SHORT = 64;

/** Memory of an empty block. */
const FIRST_BYTES = 1 << 20;

/** A growing block of archive lines. */
export class EventLines {
  /** Lines added. */
  count = 0;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  #length = 0;
  /** What stands before an event, how long it is, and the time in it: often the next event's, too. */
  readonly #head = new Uint8Array(BEFORE.length + DIGITS + BETWEEN.length + COPY_SLACK);
  readonly #headView = viewOf(this.#head);
  #headLength = 0;
  #time = NaN;

  /** An empty block. */
  constructor() {
    this.#head.set(BEFORE);
  }

  /** The lines so far; all memory behind them is the block's own, and may go to another thread with them. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets the lines and keeps the memory; where that went to another thread, takes what is `spare`. */
  clear(spare?: Uint8Array<ArrayBuffer>): void {
    if (this.#bytes.length === 0) this.#bytes = spare ?? new Uint8Array(FIRST_BYTES);
    this.count = 0;
    this.#length = 0;
  }

  /** Adds a batch's events; those without a time of their own get `startedAt`. */
  add({ bytes, rows, times }: IndexedBatch, startedAt: number): void {
    const most = this.#length + bytes.length + times.length * 40 + COPY_SLACK;
    if (most > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(most, Math.ceil(1.5 * this.#bytes.length)));
      larger.set(this.#bytes.subarray(0, this.#length));
      giveBack(this.#bytes);
      this.#bytes = larger;
    }
    const out = this.#bytes, source = viewOf(bytes), target = viewOf(out);
    let put = this.#length;
    for (let row = 0; row < times.length; row++) {
      this.#headFor(Number.isNaN(times[row]!) ? startedAt : times[row]!);
      put = copyBytes(this.#headView, 0, this.#headLength, target, put);
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
    const end = writeInteger(this.#head, BEFORE.length, time);
    this.#head.set(BETWEEN, end);
    this.#headLength = end + BETWEEN.length;
    this.#time = time;
  }
}

/** Writes a whole number in decimal; gives where it ends. A text of it would have to be encoded, at five times the cost. */
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
