/**
 * What every job type shares that imports rows from files: how a file is found, looked at, read and told of.
 *
 * @module
 */
export { fileFieldChoices, folderChoices, type ListedOptions, openForFields, timeChoices } from "./choices.ts";
export { areImported, type FileFields, fileFields, notImported, readableBy } from "./fields.ts";
export { holdTooLarge, inMember, membersFrom, openVerified, placeIn, tellProgress } from "./members.ts";
export {
  fileFacts,
  firstTimes,
  memberNotes,
  rejectNotes,
  rowNotes,
  type TimeOptions,
  timestampNotes,
  whereof,
} from "./plan_notes.ts";
export { openPreview, planUndecrypted } from "./preview.ts";
export { projectBatch } from "./project.ts";
export { readSample, type Sample, SAMPLE_ROWS, type SampledChunk, shownRows } from "./sample.ts";
export { firstMember, type ImportConnection, type Source, type SourceOptions, type SourcePosition } from "./source.ts";
