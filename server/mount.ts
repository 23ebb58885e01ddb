/**
 * Turns declared routes into an app: checks, capabilities, and the right answer to a wrong path or method.
 *
 * @module
 */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { CAPABILITIES } from "../core/engine/capabilities.ts";
import type { Engine } from "../core/engine/runtime.ts";
import type { Caller } from "../core/engine/token_check.ts";
import { requires, type ServerEnv } from "./auth_middleware.ts";
import { RequestFailure } from "./errors.ts";
import { rawBody } from "./raw_body.ts";
import { readBody, readQuery } from "./request.ts";
import type { Route } from "./route.ts";

/** What routes are answered with. */
export interface MountOptions {
  /** The caller's part of the engine. */
  as(caller: Caller): Engine;
  /** Ends the work of requests that outlive the server. */
  readonly stopping: AbortSignal;
}

/**
 * An app that answers `routes`. Fixed paths win over paths with parameters, whatever their order here. Throws for a
 * route that does not declare what a token must be allowed to call it: nothing is open by forgetting.
 */
export function mount(routes: readonly Route[], options: MountOptions): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>();
  for (const route of routes) checkDeclaration(route);
  const paths = [...new Set(routes.map((route) => route.path))].sort(byFixedPartsFirst);
  for (const path of paths) {
    const here = routes.filter((route) => route.path === path);
    for (const route of here) app.on(route.method.toUpperCase(), honoPath(path), ...handlers(route, options));
    app.all(honoPath(path), () => {
      throw wrongMethod(here);
    });
  }
  return app;
}

/** `/api/job/{id}` as Hono writes it: `/api/job/:id`. */
function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

function byFixedPartsFirst(a: string, b: string): number {
  // "{" sorts after every letter, so `/api/job/type` comes before `/api/job/{id}`.
  return a < b ? -1 : a > b ? 1 : 0;
}

function checkDeclaration({ method, path, capability }: Route): void {
  const needsToken = path === "/api" || path.startsWith("/api/");
  const declared = capability === null ? !needsToken : needsToken && Object.hasOwn(CAPABILITIES, capability ?? "");
  if (!declared) throw new Error(`Route ${method.toUpperCase()} ${path} declares no capability that there is`);
}

function handlers(route: Route, options: MountOptions): [MiddlewareHandler<ServerEnv>, MiddlewareHandler<ServerEnv>] {
  const { capability } = route;
  const allowed: MiddlewareHandler<ServerEnv> = capability === null ? (_, next) => next() : requires(capability);
  return [allowed, (context) => answer(route, context, options)];
}

async function answer(
  route: Route,
  context: Context<ServerEnv>,
  { as, stopping }: MountOptions,
): Promise<Response> {
  const request = context.req.raw;
  const url = new URL(request.url);
  const query = readQuery(route.query, url);
  const body = route.body === undefined ? undefined : await readBody(route.body, request);
  const result = await route.handle({
    params: context.req.param(),
    query,
    body,
    get engine() {
      if (route.capability === null) throw new Error(`Route "${route.name}" knows no caller`);
      return as(context.var.caller);
    },
    get content() {
      if (route.content === undefined) throw new Error(`Route "${route.name}" declares no content`);
      return rawBody(request);
    },
    header: (name) => {
      if (!Object.hasOwn(route.headers, name)) throw new Error(`Route "${route.name}" declares no header "${name}"`);
      return request.headers.get(name) ?? undefined;
    },
    // Made only for routes that look at it: Deno keeps watch for each request whose signal was asked for.
    get signal() {
      return AbortSignal.any([request.signal, stopping]);
    },
    head: request.method === "HEAD",
    origin: url.origin,
  });
  const response = await route.answer.respond(result);
  // Hono answers HEAD through GET and drops the body; what is being read for it has to be let go of.
  if (request.method === "HEAD") await response.body?.cancel();
  return response;
}

function wrongMethod(routes: readonly Route[]): RequestFailure {
  const methods = routes.map((route) => route.method.toUpperCase());
  if (methods.includes("GET")) methods.push("HEAD");
  const allow = methods.sort().join(", ");
  return new RequestFailure(405, "The path does not have this method", {
    hint: `Use ${allow}`,
    headers: { allow },
  });
}
