/**
 * What bytes mean: CSV, JSON lines, text encodings, timestamps, bzip2 and PGP.
 *
 * @module
 */
export { type CsvFile, CsvReader, openCsv } from "./csv.ts";
export {
  CSV_MAX_COLUMNS,
  CSV_MAX_NAME_BYTES,
  CSV_MAX_RECORD_BYTES,
  type CsvChunk,
  type CsvHeader,
  type CsvOptions,
  type CsvPosition,
  parseDelimiter,
} from "./csv_options.ts";
export { type CsvWriter, csvWriter } from "./csv_write.ts";
export { type CsvExtras, type CsvWriterOptions, parseJoin } from "./csv_write_options.ts";
export { openDecoded, ZIP_FIELDS_BYTES } from "./decode/chain.ts";
export type {
  DecodedFile,
  DecodedMember,
  DecodeOptions,
  Decrypt,
  Decrypted,
  DecryptOptions,
} from "./decode/decoded_file.ts";
export type { Layer } from "./decode/detect.ts";
export { DECODE_LIMITS, type DecodeLimits } from "./decode/limits.ts";
export { linesOf, markRows, recordBatch, selectRows } from "./diff/mod.ts";
export { decompressBzip2 } from "./bzip2.ts";
export { openText, parseEncoding, type TextOptions, type TextSource } from "./encoding.ts";
export { JSON_MAX_LINE_BYTES } from "./json_line_reader.ts";
export {
  type JsonChunk,
  type JsonLinesChunk,
  type JsonLinesFile,
  type JsonLinesOptions,
  type JsonLinesPosition,
  openJsonLines,
  type OpenJsonLinesOptions,
  readJsonLines,
} from "./json_lines.ts";
export { JSON_MAX_DEPTH, JSON_MAX_FIELDS, JSON_MAX_NAME_BYTES, type JsonRecord } from "./json_record.ts";
export {
  canonicalJson,
  type ExportManifest,
  MANIFEST_VERSION,
  manifestBytes,
  type ManifestCheck,
  type ManifestContents,
  manifestName,
  parseManifest,
  verifyExport,
  type VerifyOptions,
} from "./manifest/mod.ts";
export { gzip } from "./pack/gzip.ts";
export { zip, type ZippedFile } from "./pack/zip.ts";
export {
  type DecryptedPgp,
  decryptPgp,
  type DecryptPgpOptions,
  encryptPgp,
  type EncryptPgpOptions,
  loadEncryption,
  type PgpKeySummary,
  type PgpLimits,
  type PgpPrivateKey,
  type PgpPublicKey,
  type PrivateKeyOptions,
  type PublicKeyOptions,
  readPrivateKey,
  readPublicKey,
} from "./pgp/mod.ts";
export { folderSpool, type Spool, type SpoolFile } from "./spool.ts";
export { memorySpool } from "./spool_memory.ts";
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
