/**
 * How much small files that are open, to be written or read, may hold in memory together.
 *
 * @module
 */

/** Counts what is held, up to a limit. */
export class HeldBytes {
  #bytes = 0;

  /** `most`: bytes. */
  constructor(private readonly most: number) {}

  /** Bytes that are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes so many more; false, and nothing is taken, where that would be too many. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.most) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Gives so many back. */
  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}
