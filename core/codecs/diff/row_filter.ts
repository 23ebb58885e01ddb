/**
 * Tells, while a file is read, which of its rows the file before certainly has not.
 *
 * @module
 */
import { PARTITIONS } from "./file_rows.ts";
import { DIGEST_WORDS } from "./row_digests.ts";
import type { Snapshot } from "./snapshot.ts";

/** Bits looked at for a row. */
const PROBES = 8;
/** At least so many bits for each row: of 100,000 rows that are new, four are taken for old then. */
const BITS_A_ROW = 24;
/** Most bits: 16 MiB. Of 10,000,000 rows' files one new row in 600 is taken for old. */
const MOST_BITS = 2 ** 27;

/** The rows of a snapshot as a Bloom filter of their hashes: some rows that it has not look as if it had them. */
export class RowFilter {
  readonly #words: Uint32Array;
  readonly #mask: number;

  /** Reads the snapshot, partition by partition. */
  static async of(snapshot: Snapshot): Promise<RowFilter> {
    const filter = new RowFilter(snapshot.rows);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const { words } = await snapshot.partition(partition, { texts: false });
      for (let at = 0; at < words.length; at += DIGEST_WORDS) filter.#add(words[at + 2]!, words[at + 3]!);
    }
    return filter;
  }

  private constructor(rows: number) {
    const bits = Math.min(2 ** Math.ceil(Math.log2(Math.max(rows * BITS_A_ROW, 1_024))), MOST_BITS);
    this.#words = new Uint32Array(bits / 32);
    this.#mask = bits - 1;
  }

  /** Whether the snapshot certainly has no such row; `digests` are those of a batch, and `row` is its number there. */
  lacks(digests: Uint32Array, row: number): boolean {
    let bit = digests[DIGEST_WORDS * row + 2]!;
    const step = digests[DIGEST_WORDS * row + 3]! | 1;
    for (let probe = 0; probe < PROBES; probe++, bit = bit + step | 0) {
      const at = bit & this.#mask;
      if ((this.#words[at >>> 5]! & 1 << (at & 31)) === 0) return true;
    }
    return false;
  }

  #add(bit: number, high: number): void {
    const step = high | 1;
    for (let probe = 0; probe < PROBES; probe++, bit = bit + step | 0) {
      const at = bit & this.#mask;
      this.#words[at >>> 5] = this.#words[at >>> 5]! | 1 << (at & 31);
    }
  }
}
