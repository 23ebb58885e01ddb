/**
 * A full disk, as the system tells of it.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";

/** What the system says of a disk without room, or of a user's share of it that is used up. */
const CODES: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);
const WORDS = /\(os error (?:28|122)\)/;

/** The Failure `transient` that an error stands for when the disk that holds `path` is full; else undefined. */
export function diskFullFailure(error: unknown, path: string): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  // An error in writing to an open file has no code.
  if (!("code" in error && CODES.has(error.code)) && !WORDS.test(error.message)) return undefined;
  return new Failure("transient", `The disk that holds "${path}" is full`, {
    hint: "Free space on it, then try again",
    cause: error,
  });
}

/** Whether an error is the Failure of a full disk, be it a file's or the database's. */
export function saysDiskFull(error: unknown): boolean {
  return error instanceof Failure && error.kind === "transient" && /\bdisk\b.*\bis full\b/.test(error.message);
}
