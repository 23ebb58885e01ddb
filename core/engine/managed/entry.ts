/**
 * What a session sees of a name.
 *
 * @module
 */
import type { Node } from "./nodes.ts";
import type { SessionEntry } from "./session_files.ts";
import type { Upload } from "./upload.ts";

/** What is at a name: an upload, before what one that broke off has brought, before the file. */
export function entryOf(name: string, node: Node | undefined, upload: Upload | undefined): SessionEntry | undefined {
  if (upload !== undefined) return { name, kind: "file", size: upload.size, modified: upload.modified };
  if (node === undefined) return undefined;
  const { kind, partial, partial_size, partial_modified, size, modified } = node;
  return partial === null
    ? { name, kind, size, modified }
    : { name, kind, size: partial_size, modified: partial_modified };
}
