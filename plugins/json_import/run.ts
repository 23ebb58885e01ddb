/**
 * Reads the files and hands their records over, a chunk at a time.
 *
 * @module
 */
import { Failure, type ImportContext, type RecordBatch, throwIfAborted } from "@waybill/waybill";
import { parseEncoding, timestampParser } from "@waybill/waybill/codecs";
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
import type { JsonImportOptions } from "./config.ts";
import { type JsonFile, openJsonFile } from "./json_file.ts";
import { fillRecordTimes } from "./times.ts";

type Context = ImportContext<JsonImportOptions & { readonly file: string }, ImportConnection, FilePosition>;

/** Records so far, over all members; `records` includes those that were rejected. */
interface Counts {
  records: number;
  untimed: number;
}

/**
 * Imports the files that the job means, from the start or from where an earlier run stopped. `batchRows` is how many
 * lines are handed over at a time, where the reader's own limits are not wanted.
 */
export async function run(
  context: ImportContext<JsonImportOptions, ImportConnection, Checkpoint>,
  batchRows?: number,
): Promise<void> {
  await importFiles(context, (file) => importFile(file, batchRows));
}

/** Imports one file; of an archive, member after member. */
async function importFile(context: Context, batchRows: number | undefined): Promise<void> {
  const { checkpoint, config } = context;
  await using source = await openVerified(context);
  if (checkpoint === undefined) {
    const { fields, timestamp_field: field } = config;
    await holdTooLarge(context, source, field === undefined ? fields : [...fields, field]);
  }
  const { records, untimed } = checkpoint ?? { records: 0, untimed: 0 };
  const counts: Counts = { records, untimed };
  for await (const { member, resume } of membersFrom(source, checkpoint)) {
    await using file = await openJsonFile(member, config, { checkpoint: resume, batchRows });
    tellStart(context, file, resume);
    await importRecords(context, source, file, counts, resume);
  }
  if (counts.records === 0) {
    throw new Failure("data", `File "${source.path}" holds no records`, {
      hint: "Check that the file was written completely",
    });
  }
  warn(context, counts);
}

async function importRecords(
  context: Context,
  source: Source,
  file: JsonFile,
  counts: Counts,
  resume: FilePosition | undefined,
): Promise<void> {
  const {
    config: { fields, timestamp_field: field, timestamp_format: format, timestamp_zone: zone, encoding },
    signal,
  } = context;
  const parser = timestampParser({ format, zone });
  const place = placeIn(source, file.member);
  const preamble = markOf(encoding);
  // Read for its time alone.
  const isNarrow = field !== undefined && fields.length > 0 && !fields.includes(field);
  tellProgress(context, source, file, resume?.position.offset ?? 0);
  for await (const { batch, rejected, position } of file.chunks) {
    throwIfAborted(signal);
    if (field !== undefined) counts.untimed += fillRecordTimes(batch, field, parser);
    counts.records += batch.times.length + rejected.length;
    // Before the rows: the bytes of a commit are those of its rows.
    tellProgress(context, source, file, position.offset);
    // First the rejects: a checkpoint past lines that nobody was told of would lose them.
    if (rejected.length > 0) await context.reject(inMember(rejected, source, file.member), preamble);
    await context.emit(isNarrow ? without(batch, field) : batch, { ...place, position, ...counts });
    // The engine is done with it.
    file.recycle(batch);
  }
}

function without(batch: RecordBatch, field: string): RecordBatch {
  const names = batch.columns?.names ?? [];
  return names.includes(field) ? projectBatch(batch, names.filter((name) => name !== field)) : batch;
}

/** What makes the same settings read rejected lines, which are in UTF-8: a byte order mark where they name another. */
function markOf(encoding: string): Uint8Array | undefined {
  const name = parseEncoding(encoding);
  return name === "auto" || name === "utf-8" ? undefined : new TextEncoder().encode("\uFEFF");
}

function tellStart({ log }: Context, { member, encoding, notes }: JsonFile, resume: FilePosition | undefined): void {
  const layers = member.layers.length === 0 ? {} : { layers: [...member.layers] };
  if (resume !== undefined) {
    log.info(`Going on in "${member.path}" at line ${resume.position.line}`, layers);
    return;
  }
  log.info(`Reading "${member.path}"`, { encoding, ...layers });
  for (const note of notes) log.warn(note);
}

function warn({ config, log }: Context, { untimed }: Counts): void {
  if (untimed === 0) return;
  const records = untimed === 1 ? "1 record, which has" : `${untimed} records, which have`;
  log.warn(`No timestamp parses in ${records} the time at which the run first started`, {
    records: untimed,
    timestamp_field: config.timestamp_field ?? null,
    timestamp_format: config.timestamp_format,
  });
}
