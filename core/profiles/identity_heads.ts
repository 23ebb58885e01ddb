/**
 * The upper halves of the keys in an account's full runs, in memory: most keys of a file that is new are in none of
 * them, and that is known without reading a block.
 *
 * @module
 */
import type { IdentityRun } from "./identity_run.ts";

/** Most keys that are kept: 16 MiB. Runs beyond them are read. */
const MOST_KEYS = 4_194_304;

/**
 * For one writer, as long as it holds the database open. A run is known by its number and count: one that is full is
 * never merged again, so under the same number there are the same keys for good.
 */
export class IdentityHeads {
  readonly #runs = new Map<string, Uint32Array>();
  #kept = 0;

  /** The upper halves of a run's keys, ascending; undefined where they are not kept. */
  get(run: number, count: number): Uint32Array | undefined {
    return this.#runs.get(`${run}/${count}`);
  }

  /** Whether a run of `count` keys would be kept. */
  hasRoom(count: number): boolean {
    return this.#kept + count <= MOST_KEYS;
  }

  /** Keeps the upper halves of a run that is read block by block; gives the blocks on. */
  async *keep(run: number, count: number, blocks: AsyncIterable<IdentityRun>): AsyncGenerator<IdentityRun> {
    const heads = new Uint32Array(count);
    let put = 0;
    for await (const block of blocks) {
      for (let at = 1; at < block.words.length; at += 2) heads[put++] = block.words[at]!;
      yield block;
    }
    // Only a run that was read to its end is known.
    if (put !== count || !this.hasRoom(count)) return;
    this.#kept += count;
    this.#runs.set(`${run}/${count}`, heads);
  }
}

/** Which of the wanted keys (two words each, ascending) have an upper half that is among `heads`. */
export function maybeAmong(heads: Uint32Array, wanted: Uint32Array): Int32Array {
  const maybe: number[] = [];
  for (let index = 0, head = 0; 2 * index < wanted.length && head < heads.length; index++) {
    const high = wanted[2 * index + 1]!;
    while (heads[head]! < high) head++;
    if (heads[head] === high) maybe.push(index);
  }
  return Int32Array.from(maybe);
}
