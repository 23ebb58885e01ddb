/**
 * Tells, while a file is read, which of its rows the file before certainly has not.
 *
 * @module
 */
import { PARTITIONS } from "./file_rows.ts";
import { readAhead } from "./read_ahead.ts";
import { DIGEST_WORDS } from "./row_digests.ts";
import type { Snapshot } from "./snapshot.ts";

/** Bits of a block: those of a row lie in one, so that memory is waited for once a row. */
const BLOCK_BITS = 512;
const BLOCK_WORDS = BLOCK_BITS / 32;
/** Bits of a row in each of two series, each with a start and a step of its own. */
const PROBES = 4;
/** At least so many bits for each row: of 100,000 rows that are new, some ten are taken for old then. */
const BITS_A_ROW = 24;
/** Most bits: 16 MiB. Of 10,000,000 rows' files one new row in 400 is taken for old. */
const MOST_BITS = 2 ** 27;

/** The rows of a snapshot as a Bloom filter of their hashes: some rows that it has not look as if it had them. */
export class RowFilter {
  readonly #words: Int32Array;
  readonly #blocks: number;

  /** Reads the snapshot, partition by partition. */
  static async of(snapshot: Snapshot): Promise<RowFilter> {
    const filter = new RowFilter(snapshot.rows);
    const partitions = readAhead(PARTITIONS, (partition) => snapshot.partition(partition, { texts: false }));
    for await (const { words } of partitions) {
      for (let at = 0; at < words.length; at += DIGEST_WORDS) filter.#add(words[at + 2]!, words[at + 3]!);
    }
    return filter;
  }

  private constructor(rows: number) {
    const bits = Math.min(2 ** Math.ceil(Math.log2(Math.max(rows * BITS_A_ROW, 1_024))), MOST_BITS);
    this.#words = new Int32Array(bits / 32);
    this.#blocks = bits / BLOCK_BITS;
  }

  /** Whether the snapshot certainly has no such row; `digests` are those of a batch, and `row` is its number there. */
  lacks(digests: Uint32Array, row: number): boolean {
    const low = digests[DIGEST_WORDS * row + 2]!, high = digests[DIGEST_WORDS * row + 3]!;
    const block = BLOCK_WORDS * (high & this.#blocks - 1);
    return !this.#hasAll(block, low, low >>> 9) || !this.#hasAll(block, low >>> 18, high >>> 23);
  }

  #add(low: number, high: number): void {
    const block = BLOCK_WORDS * (high & this.#blocks - 1);
    this.#set(block, low, low >>> 9);
    this.#set(block, low >>> 18, high >>> 23);
  }

  /** Whether the {@linkcode PROBES} bits from `bit` on, a step apart, are set. */
  #hasAll(block: number, bit: number, step: number): boolean {
    for (let probe = 0; probe < PROBES; probe++, bit += step | 1) {
      const at = bit & BLOCK_BITS - 1;
      if ((this.#words[block + (at >>> 5)]! & 1 << (at & 31)) === 0) return false;
    }
    return true;
  }

  /** Sets the same bits. */
  #set(block: number, bit: number, step: number): void {
    for (let probe = 0; probe < PROBES; probe++, bit += step | 1) {
      const at = bit & BLOCK_BITS - 1;
      const word = block + (at >>> 5);
      this.#words[word] = this.#words[word]! | 1 << (at & 31);
    }
  }
}
