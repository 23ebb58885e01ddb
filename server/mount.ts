/**
 * Turns declared routes into an app: checks, scopes, and the right answer to a wrong path or method.
 *
 * @module
 */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { requires, type ServerEnv } from "./auth_middleware.ts";
import { RequestFailure } from "./errors.ts";
import { readBody, readQuery } from "./request.ts";
import type { Route } from "./route.ts";

/**
 * An app that answers `routes`. Fixed paths win over paths with parameters, whatever their order here. `stopping`
 * ends the work of requests that outlive the server.
 */
export function mount(routes: readonly Route[], stopping: AbortSignal): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>();
  const paths = [...new Set(routes.map((route) => route.path))].sort(byFixedPartsFirst);
  for (const path of paths) {
    const here = routes.filter((route) => route.path === path);
    for (const route of here) app.on(route.method.toUpperCase(), honoPath(path), ...handlers(route, stopping));
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

function handlers(route: Route, stopping: AbortSignal): [MiddlewareHandler<ServerEnv>, MiddlewareHandler<ServerEnv>] {
  const allowed: MiddlewareHandler<ServerEnv> = route.scope === null ? (_, next) => next() : requires(route.scope);
  return [allowed, (context) => answer(route, context, stopping)];
}

async function answer(route: Route, context: Context<ServerEnv>, stopping: AbortSignal): Promise<Response> {
  const request = context.req.raw;
  const url = new URL(request.url);
  const query = readQuery(route.query, url);
  const body = route.body === undefined ? undefined : await readBody(route.body, request);
  const result = await route.handle({
    params: context.req.param(),
    query,
    body,
    caller: route.scope === null ? null : context.var.token,
    // Made only for routes that look at it: Deno keeps watch for each request whose signal was asked for.
    get signal() {
      return AbortSignal.any([request.signal, stopping]);
    },
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
