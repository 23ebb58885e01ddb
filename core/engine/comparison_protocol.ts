/**
 * What the run of an import and the thread that compares its file say to each other.
 *
 * @module
 */
import type { ComparisonOptions, FoundRows } from "../codecs/diff/mod.ts";
import type { FailureJson } from "../contracts/failure.ts";
import type { RecordBatch } from "../contracts/records.ts";
import type { SnapshotPlace } from "./snapshots.ts";

/** Begins to compare a file. */
export interface ComparisonStart {
  readonly type: "comparison";
  /** Path of the snapshot of the file before. */
  readonly snapshot: string;
  /** Where it puts aside what it need not hold in memory. */
  readonly workDir: string;
  readonly options: ComparisonOptions;
}

/** To the thread that compares. */
export type ToComparison =
  /** Rows, all of whose arrays lie in memory that goes with them. */
  | { readonly type: "add"; readonly batch: RecordBatch }
  /** Compares, and writes the file's snapshot. */
  | { readonly type: "find"; readonly place: Pick<SnapshotPlace, "folder" | "account" | "run"> }
  /** Asks for the snapshot that is being written. */
  | { readonly type: "written" }
  | { readonly type: "close" };

/** From it: an answer to each message, in their order. */
export type FromComparison =
  /** The memory of the rows comes back. */
  | { readonly type: "added"; readonly memory: ArrayBuffer }
  | { readonly type: "found"; readonly found: FoundRows }
  | { readonly type: "written"; readonly name: string }
  | { readonly type: "closed" }
  | { readonly type: "failed"; readonly failure: FailureJson; readonly stack: string | undefined };
