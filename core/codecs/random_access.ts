/**
 * Reads pieces of a file here and there, with as few openings of it as will do.
 *
 * @module
 */
import { readFully, type SeekableSource } from "./byte_source.ts";

/** Least bytes that an opening is worth: what lies beside a piece is often wanted next. */
const BLOCK = 64 * 1024;

/** A reader that keeps the block it read last. */
export class RandomAccess {
  #block: Uint8Array = new Uint8Array(0);
  #start = 0;

  constructor(private readonly source: SeekableSource) {}

  /** Size of the file in bytes. */
  get size(): number {
    return this.source.size;
  }

  /**
   * The bytes from `offset` on, `length` of them, or fewer where the file ends. The stream behind it is cancelled as
   * soon as they are there.
   */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(offset + length, this.size);
    if (end <= offset) return new Uint8Array(0);
    if (!this.holds(offset, end)) {
      const wanted = Math.min(Math.max(end - offset, BLOCK), this.size - offset);
      this.#block = await readFully(await this.source.open(offset), wanted);
      this.#start = offset;
    }
    return this.#block.subarray(offset - this.#start, end - this.#start);
  }

  /** Whether the bytes from `start` to `end` were read already. */
  holds(start: number, end: number): boolean {
    return start >= this.#start && end <= this.#start + this.#block.length;
  }
}
