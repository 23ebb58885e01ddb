/**
 * The names of an open folder, an answer's worth at a time.
 *
 * @module
 */
import type { NamedFile } from "./answers.ts";
import { namedEntry } from "./entries.ts";
import type { OpenFolder } from "./handles.ts";

/** Bytes of names that one answer holds: it fits into a packet of SSH, as small programs expect. */
const NAMES_BYTES = 28 * 1024;
/** What of an answer a name needs beside its own bytes, which it has twice. */
const NAME_OVERHEAD = 96;
/** Most bytes of UTF-8 that a unit of UTF-16 becomes, twice. */
const NAME_BYTES = 6;

/** The next names; none at the end of the folder. */
export async function nextNames(folder: OpenFolder, username: string): Promise<readonly NamedFile[]> {
  if (!await readOn(folder)) return [];
  const names: NamedFile[] = [];
  const now = Date.now();
  let bytes = 0;
  for (const entry of folder.pending) {
    bytes += NAME_OVERHEAD + entry.name.length * NAME_BYTES;
    if (bytes > NAMES_BYTES && names.length > 0) break;
    names.push(namedEntry(entry, username, now));
  }
  folder.pending.splice(0, names.length);
  return names;
}

/** Reads entries where none are left of those before; false where the folder has no more. */
export async function readOn(folder: OpenFolder): Promise<boolean> {
  while (folder.pending.length === 0) {
    const { done, value } = await folder.pages.next();
    if (done === true) return false;
    folder.pending = [...value];
  }
  return true;
}
