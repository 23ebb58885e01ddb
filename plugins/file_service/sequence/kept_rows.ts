/**
 * What the first reading of a file keeps to hand over, so that no second is needed where little has changed.
 *
 * @module
 */
import type { RecordBatch, RejectedRow } from "@waybill/waybill";
import { type RowFilter, selectRows } from "@waybill/waybill/codecs";

/** Most bytes that are kept. */
const MOST_BYTES = 8 << 20;

/** Rows that could not be read, and what stands before them. */
export interface KeptRejects {
  readonly rows: readonly RejectedRow[];
  readonly preamble: Uint8Array | undefined;
}

/** What one stretch of the file is to hand over, in this order. */
export interface KeptStretch {
  /** Number of the stretch. */
  readonly stretch: number;
  /** Whether all before it is to be committed first. */
  isFlushed: boolean;
  readonly rejects: KeptRejects[];
  /** Added and changed rows, and their numbers in the file. */
  rows: { readonly batch: RecordBatch; readonly numbers: Uint32Array } | undefined;
}

/** Keeps the rows that the file before has not, and what could not be read, while it is not too much. */
export class KeptRows {
  #stretches: KeptStretch[] = [];
  #bytes = 0;
  #rows = 0;
  #isAll = true;

  /** Without a filter, nothing is kept. */
  constructor(private readonly filter: RowFilter | undefined) {
    this.#isAll = filter !== undefined;
  }

  /** Adds a stretch's rows, the first of which has the number `first`. */
  add(stretch: number, batch: RecordBatch, digests: Uint32Array, first: number): void {
    const { filter } = this;
    if (filter === undefined || !this.#isAll) return;
    const lacking = filter.lacking(digests);
    if (lacking.length === 0) return;
    const different = new Set(lacking), numbers = lacking.map((row) => first + row);
    const chosen = selectRows(batch, (row) => different.has(row));
    this.#count(chosen.bytes.length + (chosen.columns?.spans.byteLength ?? 0) + 16 * numbers.length);
    if (!this.#isAll) return;
    this.#rows += numbers.length;
    this.#at(stretch).rows = { batch: chosen === batch ? copyOf(batch) : chosen, numbers: Uint32Array.from(numbers) };
  }

  /** Adds rows of a stretch that could not be read. */
  reject(stretch: number, rows: readonly RejectedRow[], preamble: Uint8Array | undefined): void {
    this.#count(rows.reduce((sum, { raw, reason }) => sum + raw.length + 2 * reason.length + 64, 0));
    if (!this.#isAll) return;
    this.#at(stretch).rejects.push({
      rows: rows.map((row) => ({ ...row, raw: row.raw.slice() })),
      preamble: preamble?.slice(),
    });
  }

  /** Notes that all before the stretch is to be committed by itself. */
  flush(stretch: number): void {
    if (this.#isAll) this.#at(stretch).isFlushed = true;
  }

  /**
   * What is to be handed over, where the file has `different` rows that are added or changed; undefined where not all of
   * them are kept. All rows that are kept are different.
   */
  stretches(different: number): readonly KeptStretch[] | undefined {
    return this.#isAll && this.#rows === different ? this.#stretches : undefined;
  }

  #at(stretch: number): KeptStretch {
    let last = this.#stretches.at(-1);
    if (last?.stretch !== stretch) {
      last = { stretch, isFlushed: false, rejects: [], rows: undefined };
      this.#stretches.push(last);
    }
    return last;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= MOST_BYTES) return;
    this.#isAll = false;
    this.#stretches = [];
  }
}

/** The batch itself is read into anew. */
function copyOf({ bytes, rows, times, columns }: RecordBatch): RecordBatch {
  const copy = { bytes: bytes.slice(), rows: rows.slice(), times: times.slice() };
  return columns === undefined
    ? copy
    : { ...copy, columns: { names: [...columns.names], spans: columns.spans.slice() } };
}
