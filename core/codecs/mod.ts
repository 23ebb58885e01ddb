/**
 * What bytes mean: CSV, text encodings and timestamps.
 *
 * @module
 */
export { type CsvFile, CsvReader, openCsv } from "./csv.ts";
export {
  CSV_MAX_COLUMNS,
  CSV_MAX_RECORD_BYTES,
  type CsvChunk,
  type CsvHeader,
  type CsvOptions,
  type CsvPosition,
  parseDelimiter,
} from "./csv_options.ts";
export { openText, parseEncoding, type TextOptions, type TextSource } from "./encoding.ts";
export {
  ambiguousDates,
  fillTimes,
  type SlashDates,
  TIMESTAMP_FORMATS,
  type TimestampFormat,
  type TimestampOptions,
  type TimestampParser,
  timestampParser,
} from "./timestamps.ts";
export type { ClockChange } from "./timestamp_zone.ts";
