/**
 * What SFTP answers mean: attributes as entries, status codes as failures.
 *
 * @module
 */
import type { Attributes } from "./ssh2_types.ts";
import { Failure } from "../../contracts/failure.ts";
import type { FileEntry } from "../../contracts/file_store.ts";
import { forbidden, notFound } from "../failures.ts";
import type { Seen } from "../unchanged.ts";
import { SftpStatus, STATUS, UnsupportedRequest } from "./session.ts";

/** The type bits of a POSIX mode, and those of the types that matter here. */
const TYPE = { mask: 0o170000, folder: 0o040000, file: 0o100000, link: 0o120000 } as const;

/** What a file's attributes say it is. A server need not send a mode: then it is taken for a file. */
export function kindOf(attributes: Attributes): FileEntry["kind"] | "link" {
  switch ((attributes.mode ?? TYPE.file) & TYPE.mask) {
    case TYPE.folder:
      return "folder";
    case TYPE.file:
    case 0:
      return "file";
    case TYPE.link:
      return "link";
    default:
      return "other";
  }
}

/** What is compared to notice that a file changed. */
export function seen(attributes: Attributes): Seen {
  return {
    size: attributes.size ?? 0,
    modified: (attributes.mtime ?? 0) * 1000,
    version: versionOf(attributes),
  };
}

/** An entry from the attributes of what its path leads to. */
export function entryOf(path: string, name: string, attributes: Attributes): FileEntry {
  const kind = kindOf(attributes);
  const { size, modified, version } = seen(attributes);
  return { path, name, kind: kind === "link" ? "other" : kind, size: kind === "file" ? size : 0, modified, version };
}

/**
 * SFTP version 3 tells no more than size and modification time in seconds: content that changes within a second, or
 * keeps its time, and has the same size goes unnoticed.
 */
function versionOf(attributes: Attributes): string {
  return `${attributes.size ?? 0}-${attributes.mtime ?? 0}`;
}

/** The failure for what a server answered about `path`; other errors pass through. */
export function pathFailure(error: unknown, path: string): unknown {
  if (error instanceof UnsupportedRequest) return refused(path, error);
  if (!(error instanceof SftpStatus)) return error;
  switch (error.code) {
    case STATUS.noSuchFile:
      return notFound(path, error);
    case STATUS.permissionDenied:
      return forbidden(path, error);
    case STATUS.badMessage:
      return new Failure("config", `Path "${path}" is not one the server accepts`, {
        hint: "Check the path; it may be too long",
        cause: error,
      });
    default:
      return refused(path, error);
  }
}

function refused(path: string, cause: Error): Failure {
  return new Failure("transient", `The server could not do what was asked with "${path}": ${cause.message}`, {
    hint: "Check free space and quota on the server, or try again later",
    cause,
  });
}
