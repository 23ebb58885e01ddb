/**
 * What every job type shares that exports a file: where it goes; and a CSV file's options, name and content.
 *
 * @module
 */
export { changeToHold, type HeldFor, heldFor } from "./change_guard.ts";
export {
  columnNames,
  type Content,
  type ContentContext,
  type ContentOptions,
  csvOptions,
  openContent,
} from "./content.ts";
export { clearAttempts, entryAt, fileNotes, folderNotes, ownerOf } from "./destination.ts";
export {
  checkMarks,
  type Compression,
  COMPRESSIONS,
  type ExportFields,
  exportFields,
  type ExportOptions,
  spreadsheetSafe,
} from "./fields.ts";
export { csvName, fileName, type NameParts, type Stamp, STAMPS, timestampFormat } from "./file_name.ts";
export { firstRows } from "./first_rows.ts";
