/**
 * Reads the file and hands its rows over, a chunk at a time.
 *
 * @module
 */
import { type ImportContext, throwIfAborted } from "@waybill/waybill";
import { fillTimes, parseEncoding, timestampParser } from "@waybill/waybill/codecs";
import {
  holdTooLarge,
  type ImportConnection,
  inMember,
  membersFrom,
  openVerified,
  placeIn,
  projectBatch,
  type Source,
  tellProgress,
} from "../file_service/imports/mod.ts";
import { importFiles } from "../file_service/sequence/mod.ts";
import type { Checkpoint, FilePosition } from "./checkpoint.ts";
import type { CsvImportOptions } from "./config.ts";
import { type CsvFile, openCsvFile } from "./csv_file.ts";
import { headerLine } from "./header_line.ts";
import { splitCells } from "./multi_value.ts";

type Context = ImportContext<CsvImportOptions, ImportConnection, FilePosition>;

/** Rows so far, over all members. */
interface Counts {
  accepted: number;
  rejected: number;
  untimed: number;
}

/**
 * Imports the files that the job means, from the start or from where an earlier run stopped. `batchRows` is how many
 * rows are handed over at a time, where the reader's own limits are not wanted.
 */
export async function run(
  context: ImportContext<CsvImportOptions, ImportConnection, Checkpoint>,
  batchRows?: number,
): Promise<void> {
  await importFiles(context, (file) => importFile(file, batchRows));
}

/** Imports one file; of an archive, member after member. */
async function importFile(context: Context, batchRows: number | undefined): Promise<void> {
  const { checkpoint, config } = context;
  await using source = await openVerified(context);
  if (checkpoint === undefined) {
    await holdTooLarge(context, source, [...config.fields, ...config.timestamps]);
  }
  if (source.archive !== undefined && checkpoint === undefined) await requireColumns(source, config);
  const { accepted, rejected, untimed } = checkpoint ?? { accepted: 0, rejected: 0, untimed: 0 };
  const counts: Counts = { accepted, rejected, untimed };
  let header = checkpoint?.names.join();
  for await (const { member, resume } of membersFrom(source, checkpoint)) {
    await using file = await openCsvFile(member, config, { checkpoint: resume, batchRows });
    // What is committed together has one header, which its rejected rows stand under.
    if (header !== undefined && header !== file.header.names.join()) await context.flush();
    header = file.header.names.join();
    await importRows(context, source, file, counts, resume);
  }
  warn(context, counts);
}

/** A member that lacks a column, or is no CSV, is told before the rows of those before it are stored. */
async function requireColumns({ members }: Source, config: CsvImportOptions): Promise<void> {
  for await (const member of members) {
    await using _file = await openCsvFile(member, config);
  }
}

async function importRows(
  context: Context,
  source: Source,
  file: CsvFile,
  counts: Counts,
  resume: FilePosition | undefined,
): Promise<void> {
  const { config, signal } = context;
  const { header, selection, member } = file;
  tellStart(context, file, resume);
  const parser = timestampParser({ format: config.timestamp_format, zone: config.timestamp_zone });
  const narrow = selection.read.length > selection.imported.length;
  const progress = (offset: number) => tellProgress(context, source, file, offset);
  const preamble = headerLine(header.names, header.delimiter, {
    encodings: [parseEncoding(config.encoding), file.encoding],
    saysDelimiter: config.delimiter === undefined && header.delimiter !== ",",
  });
  const place = placeIn(source, member);

  progress(resume?.position.offset ?? 0);
  for await (const chunk of file.chunks) {
    throwIfAborted(signal);
    const { batch } = chunk;
    if (config.timestamps.length > 0) {
      fillTimes(batch, config.timestamps, parser);
      for (const time of batch.times) if (Number.isNaN(time)) counts.untimed++;
    }
    counts.accepted += batch.times.length;
    counts.rejected += chunk.rejected.length;
    // Before the rows: the bytes of a commit are those of its rows.
    progress(chunk.position.offset);
    const rejected = inMember(chunk.rejected, source, member);
    // First the rejects: a checkpoint past rows that nobody was told of would lose them.
    if (rejected.length > 0) await context.reject(rejected, preamble);
    const chosen = narrow ? projectBatch(batch, selection.imported) : batch;
    const rows = config.multi_value.length > 0 ? splitCells(chosen, config.multi_value, config.join) : chosen;
    await context.emit(rows, {
      ...place,
      names: [...header.names],
      delimiter: header.delimiter,
      position: chunk.position,
      ...counts,
    });
    // The engine is done with it.
    file.recycle(batch);
  }
}

function tellStart({ log }: Context, { member, encoding, header }: CsvFile, resume: FilePosition | undefined): void {
  const layers = member.layers.length === 0 ? {} : { layers: [...member.layers] };
  if (resume !== undefined) {
    log.info(`Going on in "${member.path}" at line ${resume.position.line}`, layers);
    return;
  }
  log.info(`Reading "${member.path}"`, { encoding, columns: header.names.length, ...layers });
  for (const note of header.notes) log.warn(note);
}

function warn({ config, log }: Context, { accepted, rejected, untimed }: Counts): void {
  if (rejected > accepted) {
    // One quote that is never closed can do this, and only the first reject shows it.
    log.warn(`${rejected} of ${accepted + rejected} rows were rejected, more than half: look at the first of them`, {
      accepted,
      rejected,
    });
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
