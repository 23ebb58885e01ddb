/**
 * Answers requests to `/v1`: who calls, how often, and the right answer, in the words of the bulk APIs, to what is wrong.
 *
 * @module
 */
import type { Log } from "../../core/contracts/log.ts";
import type { VerifyApiKey } from "../../core/engine/api_key_check.ts";
import type { Bucket } from "../../core/engine/rate_limits.ts";
import type { Admission } from "../../core/engine/rate_window.ts";
import type { Caller } from "../../core/engine/token_check.ts";
import { RequestFailure } from "../errors.ts";
import { type AnswerOptions, answerRoute, wrongMethod } from "../mount.ts";
import type { Route } from "../route.ts";
import { type Place, RouteTable, type Target } from "../route_table.ts";
import { apiCaller } from "./basic_auth.ts";
import { bulkErrorResponse } from "./errors.ts";
import { rateHeaders, tooMany } from "./rate_headers.ts";

/** What routes under `/v1` are answered with. */
export interface MountBulkOptions extends AnswerOptions {
  readonly verifyApiKey: VerifyApiKey;
  /** Counts a request against one of its caller's limits. */
  admit(caller: Caller, bucket: Bucket): Promise<Admission>;
  readonly log: Log;
}

/** Answers a request; `id` names it in the log. */
export type HandleBulk = (request: Request, target: Target, id: string) => Promise<Response>;

/** The path without a slash at its end: it is one path with it and without. */
function withoutSlash(path: string): string {
  return path.replace(/\/$/, "");
}

/** What answers `routes`. Throws for one that is not under `/v1`, or asks for a token's capability. */
export function mountBulk(routes: readonly Route[], options: MountBulkOptions): HandleBulk {
  for (const { method, path, capability } of routes) {
    if (path.startsWith("/v1/") && capability === null) continue;
    throw new Error(`Route ${method.toUpperCase()} ${path} is none of the bulk APIs`);
  }
  const table = new RouteTable(routes.map((route) => ({ ...route, path: withoutSlash(route.path) })));

  async function respond(request: Request, target: Target, headers: Headers): Promise<Response> {
    // Before anything is told of the path: what there is under `/v1` is for those who may know.
    const caller = await apiCaller(request, options.verifyApiKey);
    const parts = target.parts.at(-1) === "" ? target.parts.slice(0, -1) : target.parts;
    const place = table.find(parts);
    if (place === undefined) {
      throw new RequestFailure(404, "There is nothing at this path", { hint: "See /docs for what there is" });
    }
    const route = place.routes.get(request.method === "HEAD" ? "GET" : request.method);
    if (route === undefined) throw methodAt(routes, request.method, place, parts);
    if (route.bucket !== null) {
      const admission = await options.admit(caller, route.bucket);
      for (const [name, value] of Object.entries(rateHeaders(route.bucket, admission))) headers.set(name, value);
      if (!admission.admitted) throw tooMany(admission);
    }
    return await answerRoute(route, { request, target, params: place.params, caller }, options);
  }

  return async (request, target, id) => {
    // They belong on whatever the request is answered with once it was counted.
    const limits = new Headers();
    const response = await respond(request, target, limits)
      .catch((error) => bulkErrorResponse(error, id, options.log));
    for (const [name, value] of limits) response.headers.set(name, value);
    return response;
  };
}

/**
 * The failure (405) of a method that a path does not have: it names the path below that has it, where there is one, be it
 * that a fixed part, whose parameter was forgotten, was taken for one.
 */
function methodAt(
  routes: readonly Route[],
  method: string,
  place: Place,
  parts: readonly string[],
): RequestFailure {
  const failure = wrongMethod(place.routes);
  const [{ path }] = place.routes.values().toArray() as [Route];
  const asked = `/${parts.join("/")}`;
  const below = routes.find((route) =>
    route.method.toUpperCase() === method &&
    (asked !== withoutSlash(path) && route.path.startsWith(`${asked}/`) ||
      route.path.startsWith(`${path}/`) && !route.path.slice(path.length + 1).includes("{"))
  );
  if (below === undefined) return failure;
  return new RequestFailure(405, failure.message, {
    hint: `${failure.hint}, or ${method} ${below.path}`,
    headers: failure.headers,
  });
}
