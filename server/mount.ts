/**
 * Answers requests by declared routes: who calls, whether they may, what they sent, and the right answer to a wrong
 * path or method.
 *
 * @module
 */
import { CAPABILITIES, requireCapability } from "../core/engine/capabilities.ts";
import type { Engine } from "../core/engine/runtime.ts";
import type { Caller, VerifyToken } from "../core/engine/token_check.ts";
import { callerOf } from "./authenticate.ts";
import { RequestFailure } from "./errors.ts";
import { type RawBody, rawBody } from "./raw_body.ts";
import { readBody, readQuery } from "./request.ts";
import type { Route, RouteInput } from "./route.ts";
import { RouteTable, type Target } from "./route_table.ts";

/** What a route's handler is given beside its request. */
export interface AnswerOptions {
  /** The caller's part of the engine. */
  as(caller: Caller): Engine;
  /** Ends the work of requests that outlive the server. */
  readonly stopping: AbortSignal;
}

/** What routes are answered with. */
export interface MountOptions extends AnswerOptions {
  readonly verifyToken: VerifyToken;
}

/** Answers a request, or throws what is wrong with it. */
export type Handle = (request: Request, target: Target) => Promise<Response>;

/**
 * What answers `routes`. Throws for a route that does not declare what a token must be allowed to call it: nothing is
 * open by forgetting.
 */
export function mount(routes: readonly Route[], options: MountOptions): Handle {
  for (const route of routes) checkDeclaration(route);
  const table = new RouteTable(routes);
  return async (request, target) => {
    // Before anything is told of the path: what there is under `/api` is for those who may know.
    const caller = target.parts[0] === "api" ? await callerOf(request, target, options.verifyToken) : undefined;
    const place = table.find(target.parts);
    if (place === undefined) {
      throw new RequestFailure(404, "There is nothing at this path", { hint: "See /docs for what there is" });
    }
    const isHead = request.method === "HEAD";
    const route = place.routes.get(isHead ? "GET" : request.method);
    if (route === undefined) throw wrongMethod(place.routes);
    if (route.capability !== null) requireCapability(known(route, caller).actor, route.capability);
    return await answerRoute(route, { request, target, params: place.params, caller }, options);
  };
}

function checkDeclaration({ method, path, capability }: Route): void {
  // Those are for `mountBulk`.
  if (path.startsWith("/v1/")) throw new Error(`Route ${method.toUpperCase()} ${path} is one of the bulk APIs`);
  const needsToken = path === "/api" || path.startsWith("/api/");
  const declared = capability === null ? !needsToken : needsToken && Object.hasOwn(CAPABILITIES, capability ?? "");
  if (!declared) throw new Error(`Route ${method.toUpperCase()} ${path} declares no capability that there is`);
}

/** A request to a route that its caller may call. */
export interface Asked {
  readonly request: Request;
  readonly target: Target;
  readonly params: Readonly<Record<string, string>>;
  /** Undefined outside `/api` and `/v1`. */
  readonly caller: Caller | undefined;
}

/** Answers a request to a route: what it sent is checked against what the route declares. */
export async function answerRoute(route: Route, asked: Asked, options: AnswerOptions): Promise<Response> {
  const { request, target } = asked;
  const query = readQuery(route.query, target.search);
  const body = route.body === undefined ? undefined : await readBody(route.body, request);
  return await route.answer.respond(await route.handle(new Input(route, asked, options, query, body)));
}

/** As a route's schema reads it. */
type Query = Readonly<Record<string, unknown>>;

/** What a handler gets; what it does not look at is not made. */
class Input implements RouteInput<Record<string, string>, Query, unknown> {
  readonly #route: Route;
  readonly #asked: Asked;
  readonly #options: AnswerOptions;

  constructor(route: Route, asked: Asked, options: AnswerOptions, readonly query: Query, readonly body: unknown) {
    this.#route = route;
    this.#asked = asked;
    this.#options = options;
  }

  get params(): Readonly<Record<string, string>> {
    return this.#asked.params;
  }

  get head(): boolean {
    return this.#asked.request.method === "HEAD";
  }

  get engine(): Engine {
    return this.#options.as(known(this.#route, this.#asked.caller));
  }

  get content(): RawBody {
    const { content, name } = this.#route;
    if (content === undefined) throw new Error(`Route "${name}" declares no content`);
    return rawBody(this.#asked.request);
  }

  // Handlers take it apart from the rest.
  get header(): (name: string) => string | undefined {
    return (name) => {
      const { headers, name: route } = this.#route;
      if (!Object.hasOwn(headers, name)) throw new Error(`Route "${route}" declares no header "${name}"`);
      return this.#asked.request.headers.get(name) ?? undefined;
    };
  }

  // Made only for routes that look at it: Deno keeps watch for each request whose signal was asked for.
  get signal(): AbortSignal {
    return AbortSignal.any([this.#asked.request.signal, this.#options.stopping]);
  }

  get origin(): string {
    return new URL(this.#asked.request.url).origin;
  }
}

function known(route: Route, caller: Caller | undefined): Caller {
  if (caller === undefined) throw new Error(`Route "${route.name}" knows no caller`);
  return caller;
}

/** The failure (405) of a request whose path has other methods. */
export function wrongMethod(routes: ReadonlyMap<string, Route>): RequestFailure {
  const methods = [...routes.keys()];
  if (methods.includes("GET")) methods.push("HEAD");
  const allow = methods.sort().join(", ");
  return new RequestFailure(405, "The path does not have this method", {
    hint: `Use ${allow}`,
    headers: { allow },
  });
}
