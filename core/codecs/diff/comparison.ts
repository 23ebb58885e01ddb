/**
 * A file that is compared with the one before it while it is read.
 *
 * @module
 */
import type { RecordBatch } from "../../contracts/records.ts";
import type { CompareOptions } from "../../contracts/snapshot.ts";
import type { Spool } from "../spool.ts";
import { comparableWith, type CompareRows, compareRows, compareToSnapshot } from "./compare.ts";
import type { FoundRows } from "./difference.ts";
import { FileRows } from "./file_rows.ts";
import { NewRows } from "./new_rows.ts";
import { RowFilter } from "./row_filter.ts";
import { type Snapshot, snapshotOf } from "./snapshot.ts";

/** How rows are compared, but for what ends it. */
export interface ComparisonOptions extends Omit<CompareOptions, "signal"> {
  /** 16 secret bytes, as digests take them. */
  readonly secret: Uint8Array;
}

/** Gathers a file's rows, and compares them once they all are there. */
export class Comparison implements AsyncDisposable {
  readonly #rows: FileRows;
  readonly #new: NewRows;

  /** Begins one, with the snapshot of the file before if there is one. Whoever asks for it disposes of it. */
  static async open(spool: Spool, before: Snapshot | undefined, options: ComparisonOptions): Promise<Comparison> {
    const comparable = comparableWith(before, options.keys);
    const filter = comparable && await RowFilter.of(comparable);
    return new Comparison(await FileRows.create(spool, options), before, options.marker, new NewRows(filter));
  }

  private constructor(
    rows: FileRows,
    private readonly before: Snapshot | undefined,
    private readonly marker: string | undefined,
    kept: NewRows,
  ) {
    this.#rows = rows;
    this.#new = kept;
  }

  /** Adds the rows of a batch, in the file's order. It is read no more afterwards. */
  async add(batch: RecordBatch): Promise<void> {
    const first = this.#rows.count;
    this.#new.add(batch, await this.#rows.add(batch), first);
  }

  /** Compares, once all rows are added. */
  async find(signal?: AbortSignal): Promise<FoundRows> {
    return await compareRows(this.#rows, this.before, this.#options(signal));
  }

  /** The same, with the bytes of the file's snapshot on the way. */
  findToSnapshot(signal?: AbortSignal): AsyncGenerator<Uint8Array, FoundRows> {
    return compareToSnapshot(this.#rows, this.before, this.#options(signal));
  }

  /** The bytes of the file's snapshot. */
  snapshot(): AsyncGenerator<Uint8Array> {
    return snapshotOf(this.#rows);
  }

  #options(signal: AbortSignal | undefined): CompareRows {
    const kept = (different: number) => this.#new.all(different);
    return { kept, marker: this.marker, ...(signal === undefined ? {} : { signal }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rows[Symbol.asyncDispose]();
  }
}
