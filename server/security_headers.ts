/**
 * Headers that keep a browser from doing more with an answer than it should.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { ServerEnv } from "./auth_middleware.ts";

const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-resource-policy", "same-origin"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
];

/** Sets the headers, except where the answer has its own; nothing under `/api` may be stored. */
export function secureHeaders(): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    await next();
    // Not by `context.header`, which makes a response anew for each header that an answer gets.
    const { headers } = context.res;
    for (const [name, value] of HEADERS) if (!headers.has(name)) headers.set(name, value);
    if (context.req.path.startsWith("/api/")) headers.set("cache-control", "no-store");
  };
}
