/**
 * What went wrong, as the status that a client gets.
 *
 * @module
 */
import { Failure } from "../../core/contracts/failure.ts";
import { AccountFailure } from "../../core/engine/managed/account_failure.ts";
import { Status, type StatusCode } from "./protocol.ts";

/** A request that is refused for its own sake, with what the client is told. */
export class Refusal extends Error {
  /** The name of the class, as stacks and logs show it. */
  override readonly name = "Refusal";

  /** `message` is shown to whoever sent the request. */
  constructor(readonly code: StatusCode, message: string) {
    super(message);
  }
}

/** A code, and words for people. */
export interface StatusText {
  readonly code: StatusCode;
  readonly message: string;
}

const BUSY = "The server cannot do this now. Try again later";

/** The status of an expected error; undefined for a bug, whose words are nobody's business. */
export function statusOf(error: unknown): StatusText | undefined {
  if (error instanceof Refusal) return { code: error.code, message: error.message };
  if (!(error instanceof Failure)) return undefined;
  // What databases and disks say of themselves is for the log.
  if (error.kind === "transient" && !(error instanceof AccountFailure)) return { code: Status.FAILURE, message: BUSY };
  const message = error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
  switch (error.code) {
    case "not_found":
      return { code: Status.NO_SUCH_FILE, message };
    case "forbidden":
      return { code: Status.PERMISSION_DENIED, message };
    default:
      return { code: Status.FAILURE, message };
  }
}
