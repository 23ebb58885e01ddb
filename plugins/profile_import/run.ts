/**
 * Reads the files and hands their rows over, a chunk at a time.
 *
 * @module
 */
import { Failure, type ImportContext, throwIfAborted } from "@waybill/waybill";
import {
  type ImportConnection,
  inMember,
  membersFrom,
  openVerified,
  placeIn,
  type Source,
  tellProgress,
} from "../file_service/imports/mod.ts";
import { importFiles } from "../file_service/sequence/mod.ts";
import { type ChangeFile, openChangeFile } from "./change_file.ts";
import type { Checkpoint, FilePosition } from "./checkpoint.ts";
import type { ProfileImportOptions } from "./config.ts";

type Context = ImportContext<ProfileImportOptions & { readonly file: string }, ImportConnection, FilePosition>;

/**
 * Imports the files that the job means, from the start or from where an earlier run stopped. `batchRows` is how many
 * rows are handed over at a time, where the reader's own limits are not wanted.
 */
export async function run(
  context: ImportContext<ProfileImportOptions, ImportConnection, Checkpoint>,
  batchRows?: number,
): Promise<void> {
  // What a row does depends on those before it: all of them are handed over.
  const whole = { ...context, config: { ...context.config, diff: false, diff_keys: [] } };
  await importFiles(whole, (file) => importFile(file, batchRows));
}

/** Imports one file; of an archive, member after member. */
async function importFile(context: Context, batchRows: number | undefined): Promise<void> {
  const { checkpoint, config } = context;
  await using source = await openVerified(context);
  const counts = { rows: checkpoint?.rows ?? 0 };
  for await (const { member, resume } of membersFrom(source, checkpoint)) {
    await using file = await openChangeFile(member, config, { checkpoint: resume, batchRows });
    tellStart(context, file, resume);
    await importRows(context, source, file, counts, resume);
  }
  if (counts.rows === 0) {
    throw new Failure("data", `File "${source.path}" holds no rows`, {
      hint: "Check that the file was written completely",
    });
  }
}

async function importRows(
  context: Context,
  source: Source,
  file: ChangeFile,
  counts: { rows: number },
  resume: FilePosition | undefined,
): Promise<void> {
  const place = placeIn(source, file.member);
  tellProgress(context, source, file, resume?.position.offset ?? 0);
  for await (const { batch, rejected, position } of file.chunks) {
    throwIfAborted(context.signal);
    counts.rows += batch.times.length + rejected.length;
    // Before the rows: the bytes of a commit are those of its rows.
    tellProgress(context, source, file, position.position.offset);
    // First the rejects: a checkpoint past rows that nobody was told of would lose them.
    if (rejected.length > 0) await context.reject(inMember(rejected, source, file.member));
    await context.emit(batch, { ...place, ...position, ...counts });
    // The engine is done with it.
    file.recycle(batch);
  }
}

function tellStart({ log }: Context, { member, encoding, notes }: ChangeFile, resume: FilePosition | undefined): void {
  const layers = member.layers.length === 0 ? {} : { layers: [...member.layers] };
  if (resume !== undefined) {
    log.info(`Going on in "${member.path}" at line ${resume.position.line}`, layers);
    return;
  }
  log.info(`Reading "${member.path}"`, { encoding, ...layers });
  for (const note of notes) log.warn(note);
}
