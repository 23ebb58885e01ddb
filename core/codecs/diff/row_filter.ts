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
      filter.#addAll(words);
    }
    return filter;
  }

  private constructor(rows: number) {
    const bits = Math.min(2 ** Math.ceil(Math.log2(Math.max(rows * BITS_A_ROW, 1_024))), MOST_BITS);
    this.#words = new Int32Array(bits / 32);
    this.#blocks = bits / BLOCK_BITS;
  }

  /** The numbers of those rows of a batch, by its digests, that the snapshot certainly has not. */
  lacking(digests: Uint32Array): number[] {
    const words = this.#words, blocks = this.#blocks - 1, lacking: number[] = [];
    for (let at = 0; at < digests.length; at += DIGEST_WORDS) {
      const low = digests[at + 2]!, high = digests[at + 3]!, block = BLOCK_WORDS * (high & blocks);
      const one = low >>> 9 | 1, other = high >>> 23 | 1;
      const second = low + one | 0, third = second + one | 0, fourth = third + one | 0;
      const fifth = low >>> 18, sixth = fifth + other | 0, seventh = sixth + other | 0, eighth = seventh + other | 0;
      // All at once: rows that are there, as nearly all are, have all bits, and a jump for each costs more.
      const found = words[block + (low >>> 5 & BLOCK_WORDS - 1)]! >>> (low & 31) &
        words[block + (second >>> 5 & BLOCK_WORDS - 1)]! >>> (second & 31) &
        words[block + (third >>> 5 & BLOCK_WORDS - 1)]! >>> (third & 31) &
        words[block + (fourth >>> 5 & BLOCK_WORDS - 1)]! >>> (fourth & 31) &
        words[block + (fifth >>> 5 & BLOCK_WORDS - 1)]! >>> (fifth & 31) &
        words[block + (sixth >>> 5 & BLOCK_WORDS - 1)]! >>> (sixth & 31) &
        words[block + (seventh >>> 5 & BLOCK_WORDS - 1)]! >>> (seventh & 31) &
        words[block + (eighth >>> 5 & BLOCK_WORDS - 1)]! >>> (eighth & 31);
      if ((found & 1) === 0) lacking.push(at / DIGEST_WORDS);
    }
    return lacking;
  }

  /** Sets the bits of rows, by their digests: those that `lacking` looks at. */
  #addAll(digests: Uint32Array): void {
    const words = this.#words, blocks = this.#blocks - 1;
    for (let at = 0; at < digests.length; at += DIGEST_WORDS) {
      const low = digests[at + 2]!, high = digests[at + 3]!, block = BLOCK_WORDS * (high & blocks);
      const one = low >>> 9 | 1, other = high >>> 23 | 1;
      for (let probe = 0, bit = low, more = low >>> 18; probe < PROBES; probe++, bit += one, more += other) {
        const word = block + (bit >>> 5 & BLOCK_WORDS - 1), next = block + (more >>> 5 & BLOCK_WORDS - 1);
        words[word] = words[word]! | 1 << (bit & 31);
        words[next] = words[next]! | 1 << (more & 31);
      }
    }
  }
}
