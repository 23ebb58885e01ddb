/**
 * Snapshots: what a job keeps of a file, so that the next one of its sequence can be compared with it.
 *
 * @module
 */
import type { RecordBatch } from "./records.ts";

/** Bytes that lie somewhere and are read in any order. */
export interface StoredBytes {
  /** Bytes in it. */
  readonly size: number;
  /** Fills `into` from `offset` on, as far as there are bytes; gives their number. */
  read(offset: number, into: Uint8Array): Promise<number>;
}

/** The snapshot that a job keeps: one at a time, replaced in the transaction that commits the next one's file. */
export interface Snapshots {
  /**
   * Begins to compare a file with the one whose snapshot is kept; a run that imports whatever was imported before
   * (`--force`) finds none. Whoever asks for it disposes of it. Throws a `Failure` of kind `data` for a snapshot that is
   * damaged or gone.
   */
  compare(options: CompareOptions): Promise<FileComparison>;
}

/** How a file is compared. */
export interface CompareOptions {
  /** Columns that tell which row it is; none: all of them. A row without a value in any of them is its own key. */
  readonly keys: readonly string[];
  /**
   * Fields whose values are kept as they are, so that the next file's comparison can name rows that are gone; none: it
   * only counts them. A row without a value in a key column has nothing kept.
   */
  readonly told: readonly string[];
  /** A field that the file should not have: {@linkcode Difference.hasMarker} tells whether it has. */
  readonly marker?: string | undefined;
  /** Ends the comparison: what is waited for throws its reason. */
  readonly signal: AbortSignal;
}

/** A file that is being compared. Its methods are called one after another. */
export interface FileComparison extends AsyncDisposable {
  /** Adds the rows of a batch, in the file's order. The batch is read no more once the promise has resolved. */
  add(batch: RecordBatch): Promise<void>;
  /** What is different, once all rows are added. */
  difference(): Promise<Difference>;
  /**
   * Keeps the file's snapshot aside and gives its name; asked for once, after `difference`. It becomes the job's with the
   * commit of an `emit` whose `snapshot` is that name; until then the one before stays. Fields that are kept in clear of
   * people who are erased are left out.
   */
  keep(): Promise<string>;
}

/** What became of the rows of a file. `rows = added + changed + unchanged`. */
export interface DiffCounts {
  /** Rows of the file. */
  readonly rows: number;
  /** Rows whose key the file before has not, or has less often. */
  readonly added: number;
  /** Rows that the file before has under their key, with another value. */
  readonly changed: number;
  /** Rows that the file before has as they are. */
  readonly unchanged: number;
  /** Rows of the file before whose key this one has not. */
  readonly removed: number;
}

/** Rows of one `add` that are added or changed. */
export interface DifferentRows {
  /** Which `add` it was, from 0 on. */
  readonly addition: number;
  readonly batch: RecordBatch;
  /** Their numbers in the file, from 0 on. */
  readonly numbers: Uint32Array;
}

/** What is different in a file. */
export interface Difference extends DiffCounts {
  /** Rows of the file before, whatever its keys; undefined where there is none. */
  readonly before: number | undefined;
  /** How many rows have a value in a key column. */
  readonly keyed: number;
  /** Whether a row has a field of the marker's name. */
  readonly hasMarker: boolean;
  /** All rows that are added or changed, in their order; undefined where they are more than memory should hold. */
  readonly different: readonly DifferentRows[] | undefined;
  /** Whether a row, by its number in the file from 0 on, was added or changed. */
  isDifferent(row: number): boolean;
  /** The number of the first added or changed row that is not before `row`; undefined where none follows. */
  nextDifferent(row: number): number | undefined;
  /** The number of the last added or changed row; undefined where there is none. */
  readonly lastDifferent: number | undefined;
  /** Whether the file before, if there is one to compare with, tells which rows are gone. */
  readonly tellsRemoved: boolean;
  /**
   * The fields that are kept of each row that is gone, as a JSON object: empty for a row without a key, and for one that
   * was forgotten. Always in the same order; nothing where the snapshot does not tell.
   */
  removedRows(): AsyncGenerator<Uint8Array>;
}
