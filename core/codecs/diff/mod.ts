/**
 * Which rows of a file are other than in the file before it: in bounded memory, whatever the order of rows and columns.
 *
 * @module
 */
export { compareRows, type DiffCounts, type Difference, isComparable } from "./compare.ts";
export { FileRows, type FileRowsOptions } from "./file_rows.ts";
export { type DigestOptions } from "./row_digests.ts";
export { forgetAllRows, forgetRows } from "./forget.ts";
export { linesOf } from "./lines.ts";
export { markRows } from "./mark_rows.ts";
export { recordBatch } from "./record_batch.ts";
export { RowFilter } from "./row_filter.ts";
export { selectRows } from "./select_rows.ts";
export { Snapshot, type SnapshotContent, snapshotOf, type SnapshotPartition } from "./snapshot.ts";
