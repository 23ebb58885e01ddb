/**
 * Who calls, and whether they may: API tokens and what their scopes allow.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { Failure } from "../core/contracts/failure.ts";
import { type Capability, requireCapability } from "../core/engine/capabilities.ts";
import type { Runtime } from "../core/engine/runtime.ts";
import type { Caller } from "../core/engine/token_check.ts";

/** What middleware leaves for handlers. */
export interface ServerEnv {
  Variables: {
    /** Names the request in the log and in errors. */
    requestId: string;
    /** Set on every route under `/api`. */
    caller: Caller;
  };
}

/**
 * Lets a request pass that brings a known token: `Authorization: TOKEN`, `Authorization: Bearer TOKEN` or
 * `?access_token=TOKEN`. The header is looked at first.
 */
export function authenticate({ verifyToken }: Pick<Runtime, "verifyToken">): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    const given = givenToken(context.req.header("authorization"), context.req.query("access_token"));
    if (given === undefined) {
      throw new Failure("auth", "The request has no API token", {
        code: "unauthenticated",
        hint: 'Send the header "Authorization: Bearer TOKEN"',
      });
    }
    const caller = await verifyToken(given);
    if (caller === undefined) {
      throw new Failure("auth", "The API token is not known", {
        code: "unauthenticated",
        hint: "Check that the whole token was copied and that it belongs to this server",
      });
    }
    context.set("caller", caller);
    await next();
  };
}

/** Lets a request pass whose token has the capability. */
export function requires(capability: Capability): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    requireCapability(context.var.caller.actor, capability);
    await next();
  };
}

function givenToken(header: string | undefined, query: string | undefined): string | undefined {
  const fromHeader = header?.trim().replace(/^Bearer +/i, "");
  return fromHeader || query || undefined;
}
