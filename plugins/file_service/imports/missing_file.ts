/**
 * Says more of a file that is not there.
 *
 * @module
 */
import { Failure, type FileStore, nearest } from "@waybill/waybill";

/** Entries of the folder looked at: it may hold millions, and this is about a message. */
const MOST = 10_000;

/**
 * What `failure`, of a file that cannot be found at `path`, becomes: it tells a folder that is a file, and suggests the
 * file whose name is nearest. Where the folder cannot be looked into it stays as it is.
 */
export async function explainMissing(
  files: FileStore,
  path: string,
  failure: Failure,
  signal: AbortSignal,
): Promise<Failure> {
  const { folder, name } = split(path);
  try {
    const asFile = folder === "" ? undefined : await files.stat(folder, { signal }).catch(() => undefined);
    if (asFile?.kind === "file") return folderIsFile(folder, failure);
    const names = await fileNames(files, folder, signal);
    // What a listing puts in the place of bytes that are not UTF-8 names another file, or none.
    const isUnreachable = (other: string) => other.includes("\uFFFD");
    const near = nearest(name, names.filter((other) => !isUnreachable(other)));
    const hint = isUnreachable(name) && names.includes(name)
      ? "The name that the server gives it is not UTF-8: have it renamed"
      : near && `Did you mean "${near}"?`;
    if (hint === undefined) return failure;
    const { kind, message, code } = failure;
    return new Failure(kind, message, {
      hint,
      cause: failure,
      ...(code === undefined ? {} : { code }),
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return failure;
  }
}

/** Somebody took the whole path for the folder. */
function folderIsFile(path: string, cause: Failure): Failure {
  const { folder, name } = split(path);
  const given = folder === "" ? "Leave the folder out and give" : `Give the folder "${folder}" and`;
  return new Failure("config", `"${path}" is a file, not a folder`, { hint: `${given} the file "${name}"`, cause });
}

/** The folder and the last part of a path; the folder of `/a.csv` is `/`. */
function split(path: string): { readonly folder: string; readonly name: string } {
  const cut = path.lastIndexOf("/");
  return { folder: cut === 0 ? "/" : path.slice(0, Math.max(cut, 0)), name: path.slice(cut + 1) };
}

async function fileNames(files: FileStore, folder: string, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  let cursor: string | undefined;
  let left = MOST;
  do {
    const page = await files.list(folder, { limit: left, signal, ...(cursor === undefined ? {} : { cursor }) });
    left -= page.entries.length;
    names.push(...page.entries.filter(({ kind }) => kind === "file").map(({ name }) => name));
    cursor = page.next;
  } while (cursor !== undefined && left > 0);
  return names;
}
