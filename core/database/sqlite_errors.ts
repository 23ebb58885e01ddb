/**
 * What SQLite's errors mean to the user.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { Failure } from "../contracts/failure.ts";

/** Primary result codes (https://www.sqlite.org/rescode.html) that Waybill has an answer for. */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** An extended one: the index of the log found no room. */
const IOERR_SHMSIZE = 4874;

/** `node:sqlite` gives the code of failed statements, but only SQLite's words when opening or `exec` fails. */
const CODES_BY_MESSAGE: readonly (readonly [RegExp, number])[] = [
  [/^database is locked/, BUSY],
  [/^attempt to write a readonly database/, READONLY],
  [/^disk I\/O error/, IOERR],
  [/^database disk image is malformed/, CORRUPT],
  [/^database or disk is full/, FULL],
  [/^unable to open database file/, CANTOPEN],
  [/^file is not a database/, NOTADB],
];

/** Whether another connection holds the lock, so that the same statement works later. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === BUSY || code === LOCKED;
}

/** The Failure that an error from the database in file `path` stands for, or the error itself where it is a bug. */
export function explainSqliteError(error: unknown, path: string): unknown {
  if (error instanceof Deno.errors.NotCapable) {
    return new Failure("config", `Deno may not open the database "${path}"`, {
      hint: "Grant --allow-read and --allow-write for its folder",
      cause: error,
    });
  }
  if (isDiskFull(error, path)) {
    return new Failure("transient", `The disk that holds "${path}" is full`, {
      hint: "Free space on it, then try again",
      cause: error,
    });
  }
  switch (primaryCode(error)) {
    case BUSY:
    case LOCKED:
      return busyFailure(path, error);
    case READONLY:
      return new Failure("config", `The database "${path}" cannot be written`, {
        hint: "Make the file and its folder writable for the user that runs Waybill",
        cause: error,
      });
    case IOERR:
      return new Failure("transient", `The disk that holds "${path}" did not read or write`, {
        hint: "Check the disk, its free space and the system's log",
        cause: error,
      });
    case CORRUPT:
      return new Failure("config", `The database "${path}" is damaged`, {
        hint: "Restore it from a backup",
        cause: error,
      });
    case CANTOPEN:
      return new Failure("config", `The database "${path}" cannot be opened`, {
        hint: "Check that its folder exists and that the user that runs Waybill may write there",
        cause: error,
      });
    case NOTADB:
      return new Failure("config", `The file "${path}" is no SQLite database`, {
        hint: "Move it away, or choose another data directory",
        cause: error,
      });
    default:
      return error;
  }
}

/** Somebody else held the lock for too long. */
export function busyFailure(path: string, cause?: unknown): Failure {
  return new Failure("transient", `The database "${path}" was locked for too long`, {
    hint: "Try again; if it stays locked, look for another process that holds it",
    cause,
  });
}

/** A full disk is not always called by its name: where a file could not be made, only the file system knows. */
function isDiskFull(error: unknown, path: string): boolean {
  const code = primaryCode(error);
  if (code === FULL || (isSqliteError(error) && error.errcode === IOERR_SHMSIZE)) return true;
  if (code !== IOERR && code !== CANTOPEN) return false;
  try {
    const { bavail, files, ffree } = statfsSync(dirname(path));
    // Some file systems count no files, and say 0 of 0.
    return bavail === 0 || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}

type SqliteError = Error & { readonly errcode?: number };

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}

function primaryCode(error: unknown): number | undefined {
  if (!isSqliteError(error)) return undefined;
  if (error.errcode !== undefined) return error.errcode & 0xff;
  return CODES_BY_MESSAGE.find(([message]) => message.test(error.message))?.[1];
}
