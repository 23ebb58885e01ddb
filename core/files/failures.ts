/**
 * The failures every file store has in common, so that they read the same whatever the driver.
 *
 * @module
 */
import { abortFailure, Failure } from "../contracts/failure.ts";

/** Nothing lies at `path`. */
export function notFound(path: string, cause?: unknown): Failure {
  return new Failure("config", `File or folder "${path}" does not exist`, {
    hint: "Check the folder and the file name",
    code: "not_found",
    cause,
  });
}

/** There is no folder `path`, and none is to be made. */
export function noFolder(path: string, cause?: unknown): Failure {
  const which = path === "" ? "The folder" : `Folder "${path}"`;
  return new Failure("config", `${which} that is to be written to does not exist`, {
    hint: "Check its name, or make it first",
    code: "not_found",
    cause,
  });
}

/** `path` is a folder, where a file was meant. */
export function isFolder(path: string, cause?: unknown): Failure {
  return new Failure("config", `"${path}" is a folder, not a file`, { hint: "Give the path of a file", cause });
}

/** `path` is a file, where a folder was meant. */
export function notFolder(path: string, cause?: unknown): Failure {
  return new Failure("config", `"${path}" is not a folder`, { hint: "Give the path of a folder", cause });
}

/** `path` is a socket, device or dangling link. */
export function notReadable(path: string): Failure {
  return new Failure("config", `"${path}" is neither a file nor a folder`, { hint: "Give the path of a file" });
}

/** The store's owner may not touch `path`. */
export function forbidden(path: string, cause?: unknown): Failure {
  return new Failure("auth", `Access to "${path}" is denied`, {
    hint: "Give the user the right to it, or choose another path",
    code: "forbidden",
    cause,
  });
}

/** The file is not, or no longer, the one that was asked for; `how` tells the difference where it is known. */
export function changed(path: string, how?: string): Failure {
  const difference = how === undefined ? "" : ` (${how})`;
  return new Failure("data", `File "${path}" changed while it was read${difference}`, {
    hint: "Wait until the partner has finished writing it, then run it again",
  });
}

/** The failure that ends a piece of work: what the signal stands for when it was aborted, else `error` itself. */
export function abortedOr(signal: AbortSignal | undefined, error: unknown): unknown {
  return signal?.aborted ? abortFailure(signal) : error;
}

/** Waits for `work`, but no longer than until `signal` is aborted. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  if (signal.aborted) {
    work.catch(() => {});
    return Promise.reject(abortFailure(signal));
  }
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(abortFailure(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
