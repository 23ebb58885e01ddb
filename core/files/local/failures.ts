/**
 * What the errors of a local file system mean.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import { forbidden, isFolder, notFound } from "../failures.ts";

/** The system's code for an error, e.g. `ENOENT`. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** Whether the system says that nothing is there. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP";
}

/** The failure for what the file system said about `path`; other errors pass through. */
export function systemFailure(error: unknown, path: string): unknown {
  if (error instanceof Failure) return error;
  if (isMissing(error)) return notFound(path, error);
  const code = codeOf(error);
  if (error instanceof Error && (error.name === "NotCapable" || code === "ERR_ACCESS_DENIED")) {
    return new Failure("config", `Waybill was not started with access to "${path}"`, {
      hint: "Start it with --allow-read and --allow-write for the folder",
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return forbidden(path, error);
  if (code === "EISDIR") return isFolder(path, error);
  if (code === "ENAMETOOLONG" || code === "EINVAL") {
    return new Failure("config", `Path "${path}" is not one the file system accepts`, {
      hint: "Check the path; it may be too long",
      cause: error,
    });
  }
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new Failure("transient", `The disk is full: "${path}" could not be written`, {
      hint: "Free some space, then try again",
      cause: error,
    });
  }
  if (typeof code !== "string") return error;
  return new Failure("transient", `"${path}" could not be reached: ${code}`, {
    hint: "Check the disk, or try again later",
    cause: error,
  });
}
