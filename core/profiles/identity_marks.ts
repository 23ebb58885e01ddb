/**
 * Which keys a run of the identity index may have, told from memory: where its blocks begin, and of blocks that were
 * read a mark of 16 bits for each key. Hashes lie evenly, so in 99 of 100 look-ups a run that lacks a key says so
 * without a block being read.
 *
 * @module
 */
import { type IdentityRun, prefixAt } from "./identity_run.ts";

/** Marks of a block: one for each 65,536th of the keys that it answers for. */
const MARKS = 65_536;

/** Prefixes of keys are below it. */
const END = 2 ** 53;

/** One run, as far as it was read. */
export class RunMarks {
  readonly #marks: (Uint16Array | undefined)[] = [];
  /** Keys whose marks are kept. */
  kept = 0;

  /** `firsts` is where the blocks begin, ascending; there is one at least. */
  constructor(readonly firsts: Float64Array) {}

  /** The number of the block that answers for keys with a prefix. */
  blockOf(prefix: number): number {
    let low = 0, high = this.firsts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.firsts[middle]! <= prefix) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Whether a block may hold keys with a prefix; true for one that was not read. */
  mayHold(block: number, prefix: number): boolean {
    const marks = this.#marks[block];
    if (marks === undefined) return true;
    const mark = this.#markOf(block, prefix);
    let low = 0, high = marks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (marks[middle]! < mark) low = middle + 1;
      else high = middle;
    }
    return marks[low] === mark;
  }

  /** Whether the marks of a block are kept. */
  knows(block: number): boolean {
    return this.#marks[block] !== undefined;
  }

  /** Keeps the marks of a block that was read. */
  learn(block: number, { words, profiles }: IdentityRun): void {
    const marks = new Uint16Array(profiles.length);
    for (let index = 0; index < marks.length; index++) marks[index] = this.#markOf(block, prefixAt(words, index));
    this.#marks[block] = marks;
    this.kept += marks.length;
  }

  #markOf(block: number, prefix: number): number {
    const first = this.firsts[block]!, next = this.firsts[block + 1] ?? END;
    return Math.floor((prefix - first) / (next - first) * MARKS);
  }
}
