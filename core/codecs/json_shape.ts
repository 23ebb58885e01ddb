/**
 * What the nested values of a file's lines have in common: most are the one before with another last value in them.
 *
 * @module
 */

/** Longest beginning, and longest end, that is kept. */
const MOST = 256;

/** A nested value that stands as `JSON.stringify` writes it, but for the last text, number or literal in it. */
export class NestedShape {
  readonly #before = new Uint8Array(MOST);
  readonly #after = new Uint8Array(MOST);
  #beforeSize = 0;
  #afterSize = 0;

  /** Keeps the value from `start` to `end`, in which the last one that is not nested lies between the other two. */
  keep(bytes: Uint8Array, start: number, last: number, lastEnd: number, end: number): void {
    this.#beforeSize = 0;
    if (last <= start || last - start > MOST || end - lastEnd > MOST) return;
    this.#beforeSize = last - start;
    this.#afterSize = end - lastEnd;
    for (let at = start, put = 0; at < last; at++, put++) this.#before[put] = bytes[at]!;
    for (let at = lastEnd, put = 0; at < end; at++, put++) this.#after[put] = bytes[at]!;
  }

  /** Where the last value lies, if what begins at `start` is as the one that was kept up to there; -1 where it is not. */
  lastOf(bytes: Uint8Array, start: number): number {
    const before = this.#before, size = this.#beforeSize;
    if (size === 0) return -1;
    for (let index = 0; index < size; index++) if (bytes[start + index] !== before[index]) return -1;
    return start + size;
  }

  /** Where the whole ends, if it goes on behind its last value as the one that was kept; -1 where it does not. */
  endOf(bytes: Uint8Array, lastEnd: number): number {
    const after = this.#after, size = this.#afterSize;
    for (let index = 0; index < size; index++) if (bytes[lastEnd + index] !== after[index]) return -1;
    return lastEnd + size;
  }
}
