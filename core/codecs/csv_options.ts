/**
 * What the CSV reader takes and gives.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { RecordBatch, RejectedRow } from "../contracts/records.ts";

/** Longest record that is read; a longer one is rejected. 1 MiB. Its end is looked for in 16 times as many bytes. */
export const CSV_MAX_RECORD_BYTES = 1_048_576;

/** Most columns a header may have: what spreadsheets allow. */
export const CSV_MAX_COLUMNS = 16_384;

/** Longest name of a column, in bytes: it has to fit into an index. */
export const CSV_MAX_NAME_BYTES = 1_000;

/**
 * Where a reader stands between two records: all it needs to go on. Plain JSON, so a checkpoint can hold it.
 */
export interface CsvPosition {
  /** Bytes read so far, from the start of the (decoded) file. */
  readonly offset: number;
  /** Line number of the next record, from 1. */
  readonly line: number;
  /** Cells of the last accepted row, as they stood in the file; 0 before the first. */
  readonly cells: number;
  /** Whether the reader looks for the next whole row after a malformed one. */
  readonly recovering: boolean;
}

/** How to read a CSV file. */
export interface CsvOptions {
  /**
   * One code point; `t` and `\t` (a backslash and a t) mean a tab. Default: what a first line such as `sep=;` says,
   * else a comma.
   */
  readonly delimiter?: string;
  /** Columns to keep, by name; none or absent: all. Kept in the file's order. */
  readonly fields?: readonly string[];
  /**
   * Where to go on, and the header's names as they were read; the bytes given must start at `position.offset`, and
   * `delimiter` be the header's.
   */
  readonly resume?: { readonly position: CsvPosition; readonly names: readonly string[] };
  /** Longest record in bytes, its line end not counted; a longer one takes up to 32 times as much memory. Default: {@linkcode CSV_MAX_RECORD_BYTES}. */
  readonly maxRecordBytes?: number;
  /** Bytes after which a batch is complete. Default: 1 MiB. */
  readonly batchBytes?: number;
  /** Rows after which a batch is complete. Default: 50,000. */
  readonly batchRows?: number;
  /** Whether the batches are to tell where each row stands in the file. */
  readonly places?: boolean;
  /**
   * Whether nobody else reads the source: the pieces that a store or a spool of Waybill made are freed as they are read,
   * which keeps tens of MiB from lying about until they are collected.
   */
  readonly ownsSource?: boolean;
  /** What messages call the file. Default: `CSV`. */
  readonly name?: string;
}

/** The columns of a file. */
export interface CsvHeader {
  /** A unique, non-empty name for every column of the file, in order. */
  readonly names: readonly string[];
  /** What separates the cells: as it was given, or as the file's first line says. */
  readonly delimiter: string;
  /** What was changed to get there, one sentence each, without a final period. */
  readonly notes: readonly string[];
  /** For a header of one column that holds another common delimiter: that delimiter. */
  readonly otherDelimiter?: string;
}

/** Some records of a file and where they end. */
export interface CsvChunk {
  /** The accepted rows; may be none. All values are JSON strings. `times` is all NaN. */
  readonly batch: RecordBatch;
  /** The rejected rows, in file order. */
  readonly rejected: readonly RejectedRow[];
  /** Where the next record starts: a reader resumed here goes on exactly. */
  readonly position: CsvPosition;
}

/**
 * The delimiter an option means.
 *
 * Throws a `Failure` of kind `config` for anything but one code point that can separate cells.
 */
export function parseDelimiter(text = ","): string {
  const delimiter = text === "t" || text === "\\t" ? "\t" : text;
  const single = [...delimiter].length === 1 && delimiter.isWellFormed();
  if (single && !'"\r\n\0\uFEFF'.includes(delimiter)) return delimiter;
  throw new Failure("config", `Delimiter ${JSON.stringify(text)} cannot separate cells`, {
    hint: "Give one character such as , ; | or t for a tab",
  });
}
