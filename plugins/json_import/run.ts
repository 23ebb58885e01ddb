/**
 * Reads the file and hands its records over, a chunk at a time.
 *
 * @module
 */
import { Failure, type FileConnection, type ImportContext, throwIfAborted } from "@waybill/waybill";
import type { Checkpoint } from "./checkpoint.ts";
import type { JsonImportOptions } from "./config.ts";
import { openJobFile } from "./json_file.ts";
import { rowMaker } from "./rows.ts";

type Context = ImportContext<JsonImportOptions, FileConnection, Checkpoint>;

/**
 * Imports the file, from its start or from where an earlier run stopped. `batchRows` is how many lines are handed over
 * at a time, where the reader's own limits are not wanted.
 */
export async function run(context: Context, batchRows?: number): Promise<void> {
  const { config, connection, checkpoint, log, signal } = context;
  await using file = await openJobFile(connection.files, config, { checkpoint, batchRows, signal });
  const { entry, path, encoding } = file;
  const line = checkpoint === undefined ? "" : ` at line ${checkpoint.position.line}`;
  log.info(`${checkpoint === undefined ? "Reading" : "Going on in"} "${path}"${line}`, { bytes: entry.size, encoding });

  const rowOf = rowMaker(config);
  // In the file's own bytes; those of UTF-16 are told at the end alone.
  const progress = (offset: number) => {
    const done = encoding === "utf-8" ? offset : 0;
    context.progress({ done, total: entry.size, unit: "bytes", note: entry.name });
  };
  let { untimed } = checkpoint ?? { untimed: 0 };
  let offset = checkpoint?.position.offset ?? 0;

  progress(offset);
  for await (const { records, rejected, position } of file.chunks) {
    throwIfAborted(signal);
    const rows = records.map(rowOf);
    if (config.timestamp_field !== undefined) untimed += rows.filter(({ time }) => time === undefined).length;
    // Before the rows: the bytes of a commit are those of its rows.
    progress(position.offset);
    // First the rejects: a checkpoint past lines that nobody was told of would lose them.
    if (rejected.length > 0) await context.reject(rejected);
    offset = position.offset;
    await context.emit(rows, { path, version: entry.version, position, untimed });
  }
  if (offset === 0) {
    throw new Failure("data", `File "${path}" holds no records`, {
      hint: "Check that the file was written completely",
    });
  }
  context.progress({ done: entry.size, total: entry.size, unit: "bytes", note: entry.name });
  if (untimed > 0) {
    const records = untimed === 1 ? "1 record, which has" : `${untimed} records, which have`;
    log.warn(`No timestamp parses in ${records} the time at which the run first started`, {
      records: untimed,
      timestamp_field: config.timestamp_field ?? null,
      timestamp_format: config.timestamp_format,
    });
  }
}
