/**
 * The upper halves of the keys in an account's full runs, put aside: most keys of a file that is new are in none of
 * them, and that is known without reading a block, at a quarter of the bytes and without an object for each.
 *
 * @module
 */
import { giveBack } from "../contracts/give_back.ts";
import type { Spool, SpoolFile } from "../contracts/spool.ts";
import type { IdentityRun } from "./identity_run.ts";

/** Upper halves that are read at a time: 1 MiB, whatever there is of them. */
const PIECE = 262_144;

/**
 * For one writer, as long as it holds the database open. A run is known by its number and count: one that is full is
 * never merged again, so under the same number there are the same keys for good. What is kept lies in a file of the
 * spool, four bytes a key. Failures as the spool has them.
 */
export class IdentityHeads implements AsyncDisposable {
  /** Where the upper halves of a run begin in the file, in bytes. */
  readonly #runs = new Map<string, number>();
  #file: Promise<SpoolFile> | undefined;
  #piece: Uint32Array<ArrayBuffer> | undefined;

  /** Nothing is made in the spool before there is a run to keep. */
  constructor(private readonly spool: Spool) {}

  /** Whether the upper halves of a run's keys are kept. */
  has(run: number, count: number): boolean {
    return this.#runs.has(nameOf(run, count));
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
    if (put !== count) return;
    const file = await (this.#file ??= this.spool.create()), start = file.size;
    await file.append(new Uint8Array(heads.buffer));
    giveBack(heads);
    this.#runs.set(nameOf(run, count), start);
  }

  /** Which of the wanted keys (two words each, ascending) have an upper half that is among those of a run it has. */
  async maybeIn(run: number, count: number, wanted: Uint32Array): Promise<Int32Array> {
    const file = await this.#file, start = this.#runs.get(nameOf(run, count));
    if (file === undefined || start === undefined) throw new Error(`The heads of run ${run} are not kept`);
    const piece = this.#piece ??= new Uint32Array(PIECE), maybe: number[] = [];
    for (let from = 0, index = 0; from < count && 2 * index < wanted.length; from += PIECE) {
      const heads = piece.subarray(0, Math.min(PIECE, count - from));
      const bytes = new Uint8Array(heads.buffer, 0, heads.byteLength);
      const read = await file.read(start + 4 * from, bytes);
      if (read !== bytes.length) {
        throw new Error(`Of the heads of run ${run}, ${read} of ${bytes.length} bytes are there`);
      }
      index = noteAmong(heads, wanted, index, maybe);
    }
    return Int32Array.from(maybe);
  }

  /** Removes what it has put aside. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Of a file that could not be made, whoever wanted it was told.
    const file = await this.#file?.catch(() => undefined);
    await file?.[Symbol.asyncDispose]();
  }
}

function nameOf(run: number, count: number): string {
  return `${run}/${count}`;
}

/** Notes those of the wanted keys from `index` on that are among `heads`; gives the first that lies past them. */
function noteAmong(heads: Uint32Array, wanted: Uint32Array, index: number, maybe: number[]): number {
  for (let head = 0; 2 * index < wanted.length; index++) {
    const high = wanted[2 * index + 1]!;
    while (head < heads.length && heads[head]! < high) head++;
    if (head === heads.length) return index;
    if (heads[head] === high) maybe.push(index);
  }
  return index;
}
