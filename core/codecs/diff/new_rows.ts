/**
 * What is kept of a file while it is read, so that it need not be read a second time where little has changed.
 *
 * @module
 */
import type { RecordBatch } from "../../contracts/records.ts";
import type { DifferentRows } from "../../contracts/snapshot.ts";
import type { RowFilter } from "./row_filter.ts";
import { selectRows } from "./select_rows.ts";

/** Most bytes that are kept. */
const MOST_BYTES = 8 << 20;

/** Keeps the rows that the file before certainly has not, while they are not too many. */
export class NewRows {
  #kept: DifferentRows[] = [];
  #additions = 0;
  #bytes = 0;
  #rows = 0;
  #isAll: boolean;

  /** Without a filter, nothing is kept. */
  constructor(private readonly filter: RowFilter | undefined) {
    this.#isAll = filter !== undefined;
  }

  /** Adds a batch of rows with their digests; the first of them has the number `first` in the file. */
  add(batch: RecordBatch, digests: Uint32Array, first: number): void {
    const { filter } = this, addition = this.#additions++;
    if (filter === undefined || !this.#isAll) return;
    const lacking = filter.lacking(digests);
    if (lacking.length === 0) return;
    const different = new Set(lacking), numbers = Uint32Array.from(lacking, (row) => first + row);
    const chosen = selectRows(batch, (row) => different.has(row));
    this.#bytes += chosen.bytes.length + (chosen.columns?.spans.byteLength ?? 0) + 16 * numbers.length;
    this.#rows += numbers.length;
    if (this.#bytes > MOST_BYTES) {
      this.#isAll = false;
      this.#kept = [];
    } else this.#kept.push({ addition, batch: chosen === batch ? copyOf(batch) : chosen, numbers });
  }

  /** What is kept, where it is all of the `different` rows that are added or changed: all that is kept is of them. */
  all(different: number): readonly DifferentRows[] | undefined {
    return this.#isAll && this.#rows === different ? this.#kept : undefined;
  }
}

/** The batch itself is read into anew. */
function copyOf({ bytes, rows, times, columns }: RecordBatch): RecordBatch {
  const copy = { bytes: bytes.slice(), rows: rows.slice(), times: times.slice() };
  return columns === undefined
    ? copy
    : { ...copy, columns: { names: [...columns.names], spans: columns.spans.slice() } };
}
