/**
 * Writes the file.
 *
 * @module
 */
import type { ExportContext } from "@waybill/waybill";
import { changeToHold, clearAttempts, openContent, ownerOf } from "../file_service/exports/mod.ts";
import type { MaybePgpConnection } from "../file_service/mod.ts";
import type { Checkpoint, WrittenFile } from "./checkpoint.ts";
import type { SftpCsvExportOptions } from "./config.ts";
import { writeManifest } from "./manifest.ts";
import { chooseTarget } from "./target.ts";

type Context = ExportContext<SftpCsvExportOptions, MaybePgpConnection, Checkpoint>;

/**
 * Exports the audience as one file. Its name is durable before its first byte is written, so that an attempt after a crash
 * replaces what the one before left; once the file is there, a later attempt does not write it again.
 */
export async function run(context: Context): Promise<void> {
  const owner = ownerOf(context);
  let checkpoint = context.checkpoint;
  if (checkpoint === undefined) {
    checkpoint = await chooseTarget(context);
    await context.commit(checkpoint);
  }
  const { path } = checkpoint;
  let { written } = checkpoint;
  // An attempt may have been killed in its file, or in its manifest.
  await clearAttempts(context, context.config.folder);
  if (written === undefined) {
    written = await writeFile(context, checkpoint, owner);
    const { rows, bytes } = written;
    await context.commit({ ...checkpoint, written }, { rows, bytes, path });
    context.log.info(`Wrote "${path}"`, { rows, bytes });
  }
  if (context.config.manifest) await writeManifest(context, path, written, owner);
}

/** Writes the file under another name, and gives it its own when all of it is there and nobody has to be asked. */
async function writeFile(context: Context, checkpoint: Checkpoint, owner: string): Promise<WrittenFile> {
  const { config, connection, signal, history } = context;
  const { path, name } = checkpoint;
  const note = path.slice(path.lastIndexOf("/") + 1);
  const content = await openContent(context, {
    name,
    note,
    encrypt: connection.encrypt,
    complete: async (rows) => {
      const held = changeToHold(rows, await history.last(), config.hold_change, checkpoint.held);
      if (held === undefined) return;
      await context.commit({ ...checkpoint, held });
      await context.hold(held.reason);
    },
  });
  try {
    await connection.files.write(path, content.stream, { signal, owner, makeFolders: false });
  } catch (error) {
    throw content.failure ?? error;
  }
  const { rows, bytes } = content;
  context.progress({ done: rows, unit: "rows", bytes, share: 1, note });
  return { rows, bytes, sha256: content.sha256(), at: Date.now() };
}
