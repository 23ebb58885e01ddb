/**
 * What the first reading of a file keeps beside its different rows, so that no second is needed where little has changed.
 *
 * @module
 */
import type { DifferentRows, RejectedRow } from "@waybill/waybill";

/** Most bytes of rejected rows that are kept. */
const MOST_BYTES = 4 << 20;

/** What one stretch of the file, which ends with an `emit`, is to hand over, in this order. */
export interface KeptStretch {
  /** Number of the stretch. */
  readonly stretch: number;
  /** Whether all before it is to be committed first. */
  isFlushed: boolean;
  readonly rejects: { readonly rows: readonly RejectedRow[]; readonly preamble: Uint8Array | undefined }[];
  /** Added and changed rows. */
  rows: DifferentRows | undefined;
}

/** Keeps what could not be read, and where the reader flushes, while it is not too much. */
export class KeptRejects {
  #stretches = new Map<number, KeptStretch>();
  #bytes = 0;

  /** Adds rows of a stretch that could not be read. */
  reject(stretch: number, rows: readonly RejectedRow[], preamble: Uint8Array | undefined): void {
    this.#bytes += rows.reduce((sum, { raw, reason }) => sum + raw.length + 2 * reason.length + 64, 0);
    if (!this.#isAll) this.#stretches.clear();
    else {
      const kept = { rows: rows.map((row) => ({ ...row, raw: row.raw.slice() })), preamble: preamble?.slice() };
      this.#at(stretch).rejects.push(kept);
    }
  }

  /** Notes that all before the stretch is to be committed by itself. */
  flush(stretch: number): void {
    if (this.#isAll) this.#at(stretch).isFlushed = true;
  }

  /** All that is to be handed over, with the file's different rows; undefined where not all of it is kept. */
  with(different: readonly DifferentRows[]): readonly KeptStretch[] | undefined {
    if (!this.#isAll) return undefined;
    for (const rows of different) this.#at(rows.addition).rows = rows;
    return [...this.#stretches.values()].sort((one, other) => one.stretch - other.stretch);
  }

  get #isAll(): boolean {
    return this.#bytes <= MOST_BYTES;
  }

  #at(stretch: number): KeptStretch {
    let kept = this.#stretches.get(stretch);
    if (kept === undefined) {
      kept = { stretch, isFlushed: false, rejects: [], rows: undefined };
      this.#stretches.set(stretch, kept);
    }
    return kept;
  }
}
