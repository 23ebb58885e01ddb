/**
 * The one mapping from what is thrown to what is answered.
 *
 * @module
 */
import { z } from "zod";
import { Failure, FAILURE_CODE_STATUS, FAILURE_HANDLING, type FailureOptions } from "../core/contracts/failure.ts";
import type { Log } from "../core/contracts/log.ts";
import { json } from "./answers.ts";

/** The body of every error: SPEC §4's `status` and `message`, and what to do about it. */
export const errorBody: z.ZodType = z.object({
  status: z.int().describe("The HTTP status"),
  message: z.string().describe("What happened, to which thing"),
  kind: z.enum(["config", "auth", "data", "transient", "cancelled", "bug"]).describe(
    "What to do next: `config` fix the request, `auth` fix the credential, `data` fix the file, `transient` try again",
  ),
  hint: z.string().nullable().describe("What to do about it"),
  request_id: z.string().describe("Names the request in the server's log"),
}).meta({ id: "Error" });

/** A request that breaks a rule of HTTP, with the status that says so. */
export class RequestFailure extends Failure {
  /** Builds one; `headers` go into the answer. */
  constructor(
    readonly status: number,
    message: string,
    options: FailureOptions & { readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super("config", message, options);
    this.headers = options.headers ?? {};
  }

  /** Headers that the status asks for. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The HTTP status of a failure. */
export function statusOf(failure: Failure): number {
  if (failure instanceof RequestFailure) return failure.status;
  return failure.code === undefined ? FAILURE_HANDLING[failure.kind].httpStatus : FAILURE_CODE_STATUS[failure.code];
}

/** The answer to what was thrown. A bug is told to the log alone, with its stack. */
export function errorResponse(error: unknown, requestId: string, log: Log): Response {
  if (error instanceof Failure) {
    const status = statusOf(error);
    return json(
      { status, message: error.message, kind: error.kind, hint: error.hint ?? null, request_id: requestId },
      { status, headers: headersOf(error, status) },
    );
  }
  const stack = error instanceof Error ? error.stack ?? error.message : String(error);
  log.error("Internal error", { request_id: requestId, stack });
  return Response.json(
    {
      status: 500,
      message: "Internal error",
      kind: "bug",
      hint: `Look for ${requestId} in the server's log and report what it says`,
      request_id: requestId,
    },
    { status: 500 },
  );
}

function headersOf(failure: Failure, status: number): Readonly<Record<string, string>> {
  if (failure instanceof RequestFailure) return failure.headers;
  return status === 401 ? { "www-authenticate": 'Bearer realm="waybill"' } : {};
}
