/**
 * Lines of a batch, put together by the hour of their events, and compressed where they are many.
 *
 * @module
 */
import { gzipMember } from "../../profiles/archive.ts";

/** Lines of one hour. */
export interface LogBlock {
  readonly hour: number;
  /** JSON lines in UTF-8, each with its line break; a gzip member of them where they are `packed`. */
  readonly bytes: Uint8Array;
  readonly packed: boolean;
  /** How many lines. */
  readonly events: number;
}

/** Room for few lines, in bytes. */
const SMALL = 32_768;

/** Most bytes of a member, unpacked: whoever reads it holds it. */
export const MEMBER = 524_288;

/** Buffers that are kept for batches to come. */
const KEPT = 4;

const encoder = new TextEncoder();

/** Buffers of {@linkcode MEMBER} bytes: a new one for each batch would cost as much as compressing what is in it. */
export class LineBuffers {
  readonly #spare: Uint8Array[] = [];

  take(): Uint8Array {
    return this.#spare.pop() ?? new Uint8Array(MEMBER);
  }

  give(buffer: Uint8Array): void {
    if (this.#spare.length < KEPT) this.#spare.push(buffer);
  }
}

/** Lines of an hour that are not compressed yet. */
interface Lines {
  readonly hour: number;
  bytes: Uint8Array;
  length: number;
  events: number;
}

/** The lines of one batch. The hour with the most takes a large buffer, the others do with small ones. */
export class HourLines implements Disposable {
  readonly #hours = new Map<number, Lines>();
  readonly #packed: LogBlock[] = [];
  #large: Uint8Array | undefined;

  constructor(private readonly buffers: LineBuffers) {}

  /** Adds the line whose beginning is `bytes[from..to)`, and whose end is `tail`, line break included. */
  put(hour: number, bytes: Uint8Array, from: number, to: number, tail: Uint8Array): void {
    let lines = this.#hours.get(hour);
    if (lines === undefined) {
      this.#hours.set(hour, lines = { hour, bytes: new Uint8Array(1_024), length: 0, events: 0 });
    }
    const size = to - from + tail.length;
    if (lines.length + size > lines.bytes.length) this.#makeRoom(lines, size);
    lines.bytes.set(bytes.subarray(from, to), lines.length);
    lines.bytes.set(tail, lines.length + to - from);
    lines.length += size;
    lines.events++;
  }

  /** Adds a line, given without its line break. */
  putText(hour: number, line: string): void {
    const bytes = encoder.encode(`${line}\n`);
    this.put(hour, bytes, 0, 0, bytes);
  }

  /** All that was put in, each hour in its order. */
  blocks(): LogBlock[] {
    for (const lines of this.#hours.values()) if (lines.bytes === this.#large) this.#pack(lines);
    const left = this.#hours.values().filter(({ events }) => events > 0).map((lines): LogBlock => ({
      hour: lines.hour,
      bytes: lines.bytes.subarray(0, lines.length),
      packed: false,
      events: lines.events,
    }));
    return [...this.#packed, ...left];
  }

  /** Nothing is put in any more. */
  [Symbol.dispose](): void {
    if (this.#large !== undefined) this.buffers.give(this.#large);
    this.#large = undefined;
  }

  #makeRoom(lines: Lines, more: number): void {
    const isLarge = lines.bytes === this.#large;
    const isMuch = lines.length + more > SMALL;
    if (isLarge || (isMuch && this.#large !== undefined)) this.#pack(lines);
    const need = lines.length + more, { bytes } = lines;
    if (need <= bytes.length) return;
    if (isMuch && this.#large === undefined) lines.bytes = this.#large = this.buffers.take();
    else lines.bytes = new Uint8Array(Math.max(2 * bytes.length, need));
    lines.bytes.set(bytes.subarray(0, lines.length));
  }

  #pack(lines: Lines): void {
    const { hour, bytes, length, events } = lines;
    if (events > 0) this.#packed.push({ hour, bytes: gzipMember(bytes.subarray(0, length)), packed: true, events });
    lines.length = lines.events = 0;
  }
}
