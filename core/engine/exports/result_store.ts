/**
 * What a run without an auth writes to: its file becomes one that a link opens.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { FileConnection, FileEntry, FileStore } from "../../contracts/file_store.ts";
import { baseName, formatPath, parseFilePath } from "../../files/paths.ts";
import type { ArtifactCore } from "../artifacts/make_artifact.ts";
import type { Claim } from "../claim.ts";
import { publishExport } from "./publish.ts";

/** How long a result is kept, and a link to one is good, in milliseconds: 48 hours. */
export const RESULT_LIFETIME = 48 * 3_600_000;

/** The connection of an export's run without an auth. What it writes is whole, or not there at all. */
export function resultConnection(core: ArtifactCore, claim: Claim): FileConnection & AsyncDisposable {
  const write: FileStore["write"] = async (path, content, { signal } = {}) => {
    const name = baseName(parseFilePath(path));
    const file = { name, mediaType: mediaTypeOf(name), lifetime: RESULT_LIFETIME };
    const { size, artifact } = await publishExport(core, claim, file, content, signal ?? new AbortController().signal);
    return { path, name, kind: "file", size, modified: await core.database.now(), version: artifact };
  };
  return { files: { ...NOTHING, write }, [Symbol.asyncDispose]: async () => {} };
}

/** For plans, which write nothing: where the file goes is not theirs to look at. */
export function noResultConnection(): FileConnection & AsyncDisposable {
  const stat: FileStore["stat"] = (path) =>
    Promise.reject(new Failure("config", `What is at "${path}" cannot be seen from here`, { code: "forbidden" }));
  return { files: { ...NOTHING, stat }, [Symbol.asyncDispose]: async () => {} };
}

/** A place with nothing in it. */
const NOTHING: FileStore = {
  list: () => Promise.resolve({ entries: [] }),
  stat: (path): Promise<FileEntry> => Promise.reject(notThere(path)),
  open: (path) => Promise.reject(notThere(path)),
  write: (path) => Promise.reject(new Failure("config", `"${path}" cannot be written here: only a run may write`)),
};

function notThere(path: string): Failure {
  return new Failure("config", `There is no file "${formatPath(parseFilePath(path))}"`, { code: "not_found" });
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  jsonl: "application/x-ndjson",
  json: "application/json",
  csv: "text/csv; charset=utf-8",
  gz: "application/gzip",
  zip: "application/zip",
};

function mediaTypeOf(name: string): string {
  return MEDIA_TYPES[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";
}
