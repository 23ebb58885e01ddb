/**
 * What every job type shares that imports rows from files: how a file is found, looked at and told of.
 *
 * @module
 */
export { identityNotes } from "./identity_values.ts";
export { explainMissing } from "./missing_file.ts";
export { projectBatch } from "./project.ts";
export {
  columnValues,
  readSample,
  type Sample,
  SAMPLE_ROWS,
  type SampledChunk,
  SHOWN_ROWS,
  shownRows,
  textOf,
} from "./sample.ts";
export {
  type ChangedTimes,
  examineTimes,
  formatOf,
  isoTime,
  mostlyParses,
  type TimeColumn,
  timeNotes,
} from "./time_values.ts";
