/**
 * What is said about PGP messages that cannot be used.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";

/** The message is not what RFC 9580 says, or ends before its end. */
export function damaged(detail: string, cause?: unknown): Failure {
  return new Failure("data", `The PGP message is damaged: ${detail}`, {
    hint: "Have the sender encrypt and send the file again",
    cause,
  });
}

/** The message ends too early. */
export function cutShort(): Failure {
  return damaged("it is cut short");
}

/** The integrity check of the message fails. */
export function altered(): Failure {
  return new Failure("data", "The PGP message was altered or damaged on its way: its integrity check fails", {
    hint: "Have the sender encrypt and send the file again; nothing of it was used",
  });
}

/** The message is sound, or may be, but of a kind that is not taken. */
export function refused(what: string, hint: string): Failure {
  return new Failure("data", what, { hint });
}
