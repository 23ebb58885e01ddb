/**
 * What an import hands to the engine: rows, either as objects or as a block of bytes.
 *
 * @module
 */

/** Any value JSON can hold. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** One row as an object: field name to value. */
export interface Row {
  /** The fields of the event; names of up to 1,024 bytes in UTF-8. */
  readonly fields: Readonly<Record<string, JsonValue>>;
  /** Event time in milliseconds since the Unix epoch; absent = the run's first start. */
  readonly time?: number;
}

/**
 * Many rows in one block of bytes: the form of `emit` that costs no object per row.
 *
 * The block is transferable and checked by the engine before use. Limits: 64 MiB and 1,000,000 rows a batch.
 */
export interface RecordBatch {
  /** The rows as JSON objects in UTF-8, one a line, each line ended by one LF. No key twice in an object. */
  readonly bytes: Uint8Array;
  /** Offsets in `bytes` where each row's line starts, then `bytes.length`: one entry more than there are rows. */
  readonly rows: Uint32Array;
  /** Event time of each row in whole milliseconds since the Unix epoch; NaN = the run's first start. */
  readonly times: Float64Array;
  /**
   * Where the values of flat rows lie, so that nothing has to be parsed again. Given, it must cover every key of
   * every row, and every value must stand as `JSON.stringify` writes it; omitted, the engine parses the rows.
   */
  readonly columns?: ColumnIndex;
  /** Where the rows stand in their file: for the messages about rows that the engine rejects. Omitted, nobody knows. */
  readonly places?: RowPlaces;
}

/** Where the rows of a batch stand in their file, an entry each. */
export interface RowPlaces {
  /** Line numbers, from 1. */
  readonly lines: Float64Array;
  /** Byte offsets in the decoded file. */
  readonly offsets: Float64Array;
}

/** Where each value of a flat batch lies in its bytes. */
export interface ColumnIndex {
  /** The keys, in the order in which every row holds them. Unique; up to 1,024 bytes each in UTF-8. */
  readonly names: readonly string[];
  /**
   * For row `r` and column `c`, `spans[2 * (r * names.length + c)]` is the offset of the value's first byte and the
   * entry after it the offset past its last, JSON quotes included. Both equal: this row lacks the key.
   */
  readonly spans: Uint32Array;
}

/** A row that could not be read. */
export interface RejectedRow {
  /** The row's raw bytes as they stand in the file, cut at 64 KiB. */
  readonly raw: Uint8Array;
  /** Where the row starts: byte offset in the decoded file. */
  readonly offset: number;
  /** Where the row starts: line number, from 1. */
  readonly line: number;
  /** Why it was rejected: a sentence without a final period. */
  readonly reason: string;
}

/** Whether `rows` is a batch rather than a list of objects. */
export function isRecordBatch(rows: RecordBatch | readonly Row[]): rows is RecordBatch {
  return !Array.isArray(rows);
}
