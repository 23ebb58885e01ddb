/**
 * What every job type shares that exports JSON lines: where its file goes, and how it is written.
 *
 * @module
 */
export {
  type Lines,
  resultPath,
  type ResultPosition,
  resultPosition,
  type ResultPositionSchema,
  writeLines,
} from "./json_lines.ts";
export { output } from "./output.ts";
