/**
 * One line of the log for each request. Queries are left out: they hold tokens and personal data.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { Log } from "../core/contracts/log.ts";
import type { ServerEnv } from "./auth_middleware.ts";

/** What follows in these paths names a person. */
const PERSONAL = /^(\/api\/(?:entity\/[^/]*|me))\/./;

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
    const shown = PERSONAL.exec(path)?.[1];
    log[QUIET.has(path) ? "debug" : "info"]("Request", {
      request_id: requestId,
      method,
      path: shown === undefined ? path : `${shown}/…`,
      status: context.res.status,
      duration_ms: Math.round(performance.now() - started),
    });
  };
}
