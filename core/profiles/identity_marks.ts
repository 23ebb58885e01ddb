/**
 * Which keys a run of the identity index may have, told from memory: where its blocks begin, and of blocks that were
 * read a mark of 16 bits for each key, with the profile it names. Hashes lie evenly, so in 99 of 100 look-ups a run that
 * lacks a key says so without a block being read, and one that has it says which profile is likely meant.
 *
 * @module
 */
import { type IdentityRun, prefixAt } from "./identity_run.ts";

/** Marks of a block: one for each 65,536th of the keys that it answers for. */
const MARKS = 65_536;

/** The largest number that takes 32 bits. */
const MOST_SMALL = 2 ** 32 - 1;

/** Prefixes of keys are below it. */
const END = 2 ** 53;

/** One run, as far as it was read. */
export class RunMarks {
  readonly #marks: (Uint16Array | undefined)[] = [];
  readonly #profiles: (Uint32Array | Float64Array | undefined)[] = [];
  /** Keys whose marks are kept. */
  kept = 0;

  /** `firsts` is where the blocks begin, ascending; there is one at least. */
  constructor(readonly firsts: Float64Array) {}

  /** The number of the block that answers for keys with a prefix. */
  blockOf(prefix: number): number {
    const { firsts } = this;
    // Hashes lie evenly: a guess is off by few blocks, where halving would look all over the memory.
    let block = Math.min(Math.floor(prefix / END * firsts.length), firsts.length - 1);
    while (block > 0 && firsts[block]! > prefix) block--;
    while (block + 1 < firsts.length && firsts[block + 1]! <= prefix) block++;
    return block;
  }

  /** Whether a block may hold keys with a prefix; true for one that was not read. */
  mayHold(block: number, prefix: number): boolean {
    const marks = this.#marks[block];
    return marks === undefined || placeIn(marks, this.#markOf(block, prefix)) !== undefined;
  }

  /**
   * The profile that a key with a prefix likely names, if a block holds it: other keys may have the same mark, and
   * `alike` of their profiles come before. 0 for none, undefined for a block that was not read.
   */
  likely(block: number, prefix: number, alike = 0): number | undefined {
    const marks = this.#marks[block], profiles = this.#profiles[block];
    if (marks === undefined || profiles === undefined) return undefined;
    const mark = this.#markOf(block, prefix), place = placeIn(marks, mark);
    if (place === undefined || marks[place + alike] !== mark) return 0;
    return profiles[place + alike]!;
  }

  /** Whether the marks of a block are kept. */
  knows(block: number): boolean {
    return this.#marks[block] !== undefined;
  }

  /** Keeps the marks of a block that was read, with the profiles. */
  learn(block: number, { words, profiles }: IdentityRun): void {
    const marks = new Uint16Array(profiles.length);
    for (let index = 0; index < marks.length; index++) marks[index] = this.#markOf(block, prefixAt(words, index));
    this.#marks[block] = marks;
    // Half the memory, unless an account has had four thousand million events.
    this.#profiles[block] = profiles.every((id) => id <= MOST_SMALL) ? Uint32Array.from(profiles) : profiles.slice();
    this.kept += marks.length;
  }

  #markOf(block: number, prefix: number): number {
    const first = this.firsts[block]!, next = this.firsts[block + 1] ?? END;
    return Math.floor((prefix - first) / (next - first) * MARKS);
  }
}

/** Where a mark stands first among ascending ones, which lie evenly, too. */
function placeIn(marks: Uint16Array, mark: number): number | undefined {
  let place = Math.floor(mark / MARKS * marks.length);
  while (place > 0 && marks[place - 1]! >= mark) place--;
  while (place < marks.length && marks[place]! < mark) place++;
  return marks[place] === mark ? place : undefined;
}
