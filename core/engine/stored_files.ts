/**
 * What the stores of the data directory have in common: names that are on the disk, locks, and files that may be gone.
 *
 * @module
 */
import { open } from "node:fs/promises";

/** Brings a folder's names to the disk: a file that was made or renamed is there only then. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The names in a folder; none where it is not there. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  } catch (error) {
    unlessMissing(error);
    return [];
  }
}

/** Whether somebody holds a lock on a file: whoever writes it does, and a lock ends with its process. */
export async function isLocked(path: string): Promise<boolean> {
  using file = await Deno.open(path, { read: true }).catch(unlessMissing);
  return file !== undefined && !await file.tryLock(true);
}

/** Throws what is no error of a file that is not there. */
export function unlessMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound) && !(error instanceof Deno.errors.NotADirectory)) throw error;
}
