/**
 * What a plugin author imports.
 *
 * @module
 */
export { abortFailure, Failure, FAILURE_HANDLING, throwIfAborted } from "./core/contracts/failure.ts";
export type {
  FailureCode,
  FailureHandling,
  FailureJson,
  FailureKind,
  FailureOptions,
} from "./core/contracts/failure.ts";
export { isRecordBatch } from "./core/contracts/records.ts";
export type { ColumnIndex, JsonValue, RecordBatch, RejectedRow, Row } from "./core/contracts/records.ts";
export type { FileEntry, FilePage, FileStore, ListOptions, OpenOptions } from "./core/contracts/file_store.ts";
