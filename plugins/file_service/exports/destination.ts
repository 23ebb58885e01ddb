/**
 * Where an export writes: looked at before anything is written, and cleared of what killed attempts left.
 *
 * @module
 */
import { type ExportContext, type ExportReading, Failure, type FileEntry } from "@waybill/waybill";
import type { MaybePgpConnection } from "../pgp_keys.ts";

/** What looks. */
type Looking = Pick<ExportReading<unknown, MaybePgpConnection>, "connection" | "signal">;

/** What is at a path; undefined where nothing is, or where that may not be seen: some may write and not look. */
export async function entryAt(context: Looking, path: string): Promise<FileEntry | undefined> {
  const entry = await lookAt(context, path);
  return entry === "missing" || entry === "unseen" ? undefined : entry;
}

async function lookAt({ connection, signal }: Looking, path: string): Promise<FileEntry | "missing" | "unseen"> {
  try {
    return await connection.files.stat(path, { signal });
  } catch (error) {
    if (error instanceof Failure && error.code === "not_found") return "missing";
    if (error instanceof Failure && error.code === "forbidden") return "unseen";
    throw error;
  }
}

/**
 * What a plan has to say of the folder that a file goes to; `""` is that of the auth. Failure `config` where it is none, or
 * where the path leads out of the auth's folder.
 */
export async function folderNotes(context: Looking, folder: string): Promise<string[]> {
  if (folder === "") return [];
  const entry = await lookAt(context, folder);
  if (entry === "unseen") return [];
  if (entry === "missing") return [`Folder "${folder}" was not found: make it before the run, except in a bucket`];
  if (entry.kind === "folder") return [];
  throw new Failure("config", `"${folder}" is not a folder`, { hint: "Give the path of a folder" });
}

/**
 * What a plan has to say of a file that is written to a path as it stands: its folder, and what would be replaced. Failures
 * as those of {@linkcode folderNotes}, and where a folder has the file's name.
 */
export async function fileNotes(context: Looking, path: string): Promise<string[]> {
  const notes = await folderNotes(context, path.slice(0, Math.max(0, path.lastIndexOf("/"))));
  const there = await entryAt(context, path);
  if (there === undefined) return notes;
  if (there.kind !== "folder") return [...notes, `"${path}" is there, and would be replaced`];
  throw new Failure("config", `"${path}" is a folder, and the file would have that name`, {
    hint: "Give the path of a file",
  });
}

/**
 * Clears away what a killed attempt of this job, or of this run, left in a folder. Who may write need not be allowed to look,
 * or to remove.
 */
export async function clearAttempts(
  { connection, run, signal, log }: Pick<
    ExportContext<unknown, MaybePgpConnection, unknown>,
    "connection" | "run" | "signal" | "log"
  >,
  folder: string,
): Promise<void> {
  try {
    await connection.files.tidy?.(folder, ownerOf({ run }), { signal });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "forbidden") throw error;
    log.debug(`What earlier attempts may have left is not looked for: ${error.message}`);
  }
}

/** Who writes, as stores are told it: the job, so that its next run clears what this one leaves, else the run. */
export function ownerOf({ run }: Pick<ExportContext<unknown, unknown, unknown>, "run">): string {
  return run.job?.id ?? run.id;
}
