/**
 * Headers that keep a browser from doing more with an answer than it should.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { ServerEnv } from "./auth_middleware.ts";

const HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};

/** Sets the headers, except where the answer has its own; nothing under `/api` may be stored. */
export function secureHeaders(): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) {
      if (!context.res.headers.has(name)) context.header(name, value);
    }
    if (context.req.path.startsWith("/api/")) context.header("cache-control", "no-store");
  };
}
