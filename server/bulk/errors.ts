/**
 * What the bulk APIs answer when something is wrong: `{"error","message"}` (SPEC §3).
 *
 * @module
 */
import { z } from "zod";
import { Failure } from "../../core/contracts/failure.ts";
import type { Log } from "../../core/contracts/log.ts";
import { json } from "../answers.ts";
import { RequestFailure, statusOf } from "../errors.ts";
import { phrase } from "../phrase.ts";

/** The names of the statuses. */
const NAMES: Readonly<Record<number, string>> = {
  400: "bad_request",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  408: "request_timeout",
  409: "conflict",
  413: "payload_too_large",
  415: "unsupported_media_type",
  422: "unprocessable",
  429: "too_many_requests",
  500: "internal_error",
  503: "unavailable",
};

/** The body of every error. */
export const bulkErrorBody: z.ZodType = z.object({
  error: z.string().describe(`What kind of thing went wrong: ${Object.values(NAMES).map((name) => `\`${name}\``)}`),
  message: z.string().describe("What happened, to which thing, and what to do about it"),
}).meta({ id: "BulkError" });

/** The answer to what was thrown. A bug is told to the log alone, with its stack. */
export function bulkErrorResponse(error: unknown, requestId: string, log: Log): Response {
  if (!(error instanceof Failure)) {
    log.error("Internal error", {
      request_id: requestId,
      stack: error instanceof Error ? error.stack ?? "" : `${error}`,
    });
    return answer(500, `Internal error: look for ${requestId} in the server's log`);
  }
  const message = error.hint === undefined ? error.message : `${error.message}. ${phrase(error.hint)}`;
  return answer(statusOf(error), message, error instanceof RequestFailure ? error.headers : {});
}

function answer(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  return json({ error: NAMES[status] ?? "error", message }, { status, headers });
}
