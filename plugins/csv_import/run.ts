/**
 * Reads the file and hands its rows over, a chunk at a time.
 *
 * @module
 */
import { type FileConnection, type ImportContext, throwIfAborted } from "@waybill/waybill";
import { fillTimes, parseEncoding, timestampParser } from "@waybill/waybill/codecs";
import type { Checkpoint } from "./checkpoint.ts";
import type { CsvImportOptions } from "./config.ts";
import { openJobFile } from "./csv_file.ts";
import { headerLine } from "./header_line.ts";
import { projectBatch } from "./project.ts";

type Context = ImportContext<CsvImportOptions, FileConnection, Checkpoint>;

/**
 * Imports the file, from its start or from where an earlier run stopped. `batchRows` is how many rows are handed over
 * at a time, where the reader's own limits are not wanted.
 */
export async function run(context: Context, batchRows?: number): Promise<void> {
  const { config, connection, checkpoint, log, signal } = context;
  await using file = await openJobFile(connection.files, config, { checkpoint, batchRows, signal });
  const { entry, header, selection } = file;
  if (checkpoint === undefined) {
    log.info(`Reading "${entry.path}"`, { bytes: entry.size, encoding: file.encoding, columns: header.names.length });
    for (const note of header.notes) log.warn(note);
  } else {
    log.info(`Going on in "${entry.path}" at line ${checkpoint.position.line}`, { bytes: entry.size });
  }

  const parser = timestampParser({ format: config.timestamp_format, zone: config.timestamp_zone });
  const narrow = selection.read.length > selection.imported.length;
  // In the file's own bytes; offsets count UTF-8, and know better than the file how far the rows go.
  const progress = (offset: number) => {
    const done = file.encoding === "utf-8" ? offset : file.bytesRead();
    context.progress({ done, total: entry.size, unit: "bytes", note: entry.name });
  };
  const preamble = headerLine(header.names, header.delimiter, {
    encodings: [parseEncoding(config.encoding), file.encoding],
    saysDelimiter: config.delimiter === undefined && header.delimiter !== ",",
  });
  let { accepted, rejected: rejectedRows, untimed } = checkpoint ?? { accepted: 0, rejected: 0, untimed: 0 };

  progress(checkpoint?.position.offset ?? 0);
  for await (const { batch, rejected, position } of file.chunks) {
    throwIfAborted(signal);
    if (config.timestamps.length > 0) {
      fillTimes(batch, config.timestamps, parser);
      for (const time of batch.times) if (Number.isNaN(time)) untimed++;
    }
    accepted += batch.times.length;
    rejectedRows += rejected.length;
    // Before the rows: the bytes of a commit are those of its rows.
    progress(position.offset);
    // First the rejects: a checkpoint past rows that nobody was told of would lose them.
    if (rejected.length > 0) await context.reject(rejected, preamble);
    const rows = narrow ? projectBatch(batch, selection.imported) : batch;
    await context.emit(rows, {
      path: file.path,
      version: entry.version,
      names: [...header.names],
      delimiter: header.delimiter,
      position,
      accepted,
      rejected: rejectedRows,
      untimed,
    });
    // The engine is done with it.
    file.recycle(batch);
  }
  if (rejectedRows > accepted) {
    // One quote that is never closed can do this, and only the first reject shows it.
    log.warn(
      `${rejectedRows} of ${accepted + rejectedRows} rows were rejected, more than half: look at the first of them`,
      { accepted, rejected: rejectedRows },
    );
  }
  if (untimed > 0) {
    const rows = untimed === 1 ? "1 row, which has" : `${untimed} rows, which have`;
    log.warn(`No timestamp parses in ${rows} the time at which the run first started`, {
      rows: untimed,
      timestamps: [...config.timestamps],
      timestamp_format: config.timestamp_format,
    });
  }
}
