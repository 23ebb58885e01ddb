/**
 * Errors as JSON, and back: what crosses a thread or is kept with a run.
 *
 * @module
 */
import { Failure, type FailureJson } from "../contracts/failure.ts";

/** An error as a run keeps it: an expected one as it is, anything else as a bug without its stack. */
export function describeError(error: unknown): FailureJson {
  if (error instanceof Failure) return error.toJSON();
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "bug", message, hint: "Report it with the log of this run, which holds the stack", code: null };
}

/** The error that was described; `stack` is a bug's own. */
export function reviveError({ kind, message, hint, code }: FailureJson, stack?: string): Error {
  if (kind !== "bug") {
    return new Failure(kind, message, { ...(hint === null ? {} : { hint }), ...(code === null ? {} : { code }) });
  }
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
