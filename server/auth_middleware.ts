/**
 * Who calls, and whether they may: API tokens and their scopes.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { Failure } from "../core/contracts/failure.ts";
import type { Tokens } from "../core/engine/runtime.ts";
import type { Scope } from "./route.ts";

/** A token that was verified. */
export type VerifiedToken = NonNullable<Awaited<ReturnType<Tokens["verify"]>>>;

/** What middleware leaves for handlers. */
export interface ServerEnv {
  Variables: {
    /** Names the request in the log and in errors. */
    requestId: string;
    /** Set on every route under `/api`. */
    token: VerifiedToken;
  };
}

/**
 * Lets a request pass that brings a known token: `Authorization: TOKEN`, `Authorization: Bearer TOKEN` or
 * `?access_token=TOKEN`. The header is looked at first.
 */
export function authenticate(tokens: Tokens): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    const given = givenToken(context.req.header("authorization"), context.req.query("access_token"));
    if (given === undefined) {
      throw new Failure("auth", "The request has no API token", {
        code: "unauthenticated",
        hint: 'Send the header "Authorization: Bearer TOKEN"',
      });
    }
    const token = await tokens.verify(given);
    if (token === undefined) {
      throw new Failure("auth", "The API token is not known", {
        code: "unauthenticated",
        hint: "Check that the whole token was copied and that it belongs to this server",
      });
    }
    context.set("token", token);
    await next();
  };
}

/** Lets a request pass whose token has the scope. */
export function requires(scope: Scope): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    if (!context.var.token.scopes.includes(scope)) {
      throw new Failure("auth", `The API token lacks the scope "${scope}"`, {
        code: "forbidden",
        hint: "Use a token that has it",
      });
    }
    await next();
  };
}

function givenToken(header: string | undefined, query: string | undefined): string | undefined {
  const fromHeader = header?.trim().replace(/^Bearer +/i, "");
  return fromHeader || query || undefined;
}
