/**
 * One line of the log for each request. Queries are left out: they hold tokens and personal data.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { Log } from "../core/contracts/log.ts";
import type { ServerEnv } from "./auth_middleware.ts";

/** Probes come every few seconds and say nothing. */
const QUIET = new Set(["/healthz", "/readyz"]);

/** Gives each request an id and writes it down when it is answered. */
export function logRequests(log: Log): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    const requestId = crypto.randomUUID();
    const started = performance.now();
    context.set("requestId", requestId);
    await next();
    context.res.headers.set("x-request-id", requestId);
    const { method, path } = context.req;
    log[QUIET.has(path) ? "debug" : "info"]("Request", {
      request_id: requestId,
      method,
      path,
      status: context.res.status,
      duration_ms: Math.round(performance.now() - started),
    });
  };
}
