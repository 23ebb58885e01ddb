/**
 * Which rows of a file are other than in the file before it: in bounded memory, whatever the order of rows and columns.
 *
 * @module
 */
export { compareHere, type SnapshotStore } from "./compare_here.ts";
export { Comparison, type ComparisonOptions } from "./comparison.ts";
export { differenceOf, type FoundRows, type GoneRows } from "./difference.ts";
export { forgetAllRows, forgetRows } from "./forget.ts";
export { linesOf } from "./lines.ts";
export { markRows } from "./mark_rows.ts";
export { recordBatch } from "./record_batch.ts";
export { selectRows } from "./select_rows.ts";
export { Snapshot, type SnapshotContent, type SnapshotPartition } from "./snapshot.ts";
