/**
 * How a route is declared: once, with its schemas. Request checks, the handler's types and `/openapi.json` derive from it.
 *
 * @module
 */
import { z } from "zod";
import type { Answer } from "./answers.ts";
import type { RawBody } from "./raw_body.ts";
import type { Capability } from "../core/engine/capabilities.ts";
import type { Bucket } from "../core/engine/rate_limits.ts";
import type { Engine } from "../core/engine/runtime.ts";

/** Headings of the documentation, in its order. */
export const TAGS = {
  provider: "Providers",
  auth: "Auths",
  token: "Tokens",
  account: "Account",
  job: "Jobs",
  run: "Runs",
  artifact: "Artifacts",
  export: "Exports",
  sftp: "SFTP server",
  stream: "Streams",
  mapping: "Mappings",
  table: "Profile tables",
  profile: "Profiles",
  audience: "Audiences",
  entity: "Entities",
  erasure: "Erasures",
  app: "Apps",
  apikey: "API keys",
  bulk: "Bulk APIs",
  service: "Service",
} as const;

/** What a handler gets: everything in it has been checked. */
export interface RouteInput<Params, Query, Body> {
  /** Parts of the path, decoded. */
  readonly params: { readonly [Name in keyof Params]: string };
  /** The query's parameters. */
  readonly query: Query;
  /** The JSON body. */
  readonly body: Body;
  /** The body as it comes in, of a route that declares `content`; of any other, asking for it throws. */
  readonly content: RawBody;
  /** A header that the route declares, if it was sent. */
  header(name: string): string | undefined;
  /** Whether the request's method is HEAD: the answer's headers are wanted, and no more. */
  readonly head: boolean;
  /** The caller's account, in the caller's name. Routes that anybody may call have none: asking for it throws. */
  readonly engine: Engine;
  /** Ends the work: the caller went away, or the server stops and its time is up. */
  readonly signal: AbortSignal;
  /** Scheme, host and port as the caller wrote them. */
  readonly origin: string;
}

/** One route. Made with {@linkcode defineRoute}. */
export interface Route<
  Params extends Readonly<Record<string, string>> = Readonly<Record<string, string>>,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
  Result = unknown,
> {
  readonly method: "get" | "post" | "put" | "delete";
  /** With parameters in braces: `/api/job/{id}`. */
  readonly path: string;
  /** Unique, camelCase: the `operationId`. */
  readonly name: string;
  /** Heading that it stands under. */
  readonly tag: keyof typeof TAGS;
  /** A few words. */
  readonly summary: string;
  /** What the summary does not say. */
  readonly description?: string;
  /**
   * What the token must be allowed to do; null = anybody may call it, outside `/api` alone. Routes under `/v1` have none:
   * they are for API keys.
   */
  readonly capability: Capability | null;
  /** The rate limit of API keys that its requests count against; null = none does. */
  readonly bucket: Bucket | null;
  /** What each parameter of the path is. */
  readonly params: Params;
  /** The query's parameters, strings that are read as the schema's type. */
  readonly query: Query;
  /** The JSON body; undefined = none is read. A body left out counts as `{}`. */
  readonly body: Body | undefined;
  /** Content types of a body that is streamed to the handler, whatever it is; undefined = none is. */
  readonly content: readonly string[] | undefined;
  /** What each header is that the handler looks at. */
  readonly headers: Readonly<Record<string, string>>;
  /** Statuses of failures beyond those that follow from capability, params, query and body. */
  readonly failures: readonly number[];
  /** What it answers. */
  readonly answer: Answer<Result>;
  /** Does it. */
  handle(input: RouteInput<Params, z.output<Query>, z.output<Body>>): Promise<Result> | Result;
}

/** What a route may leave out. */
type Defaulted = "bucket" | "params" | "query" | "body" | "content" | "headers" | "failures";

/** Defines a route; what its handler gets and must give follows from `params`, `query`, `body` and `answer`. */
export function defineRoute<
  Result,
  const Params extends Readonly<Record<string, string>> = Readonly<Record<never, string>>,
  Query extends z.ZodObject = z.ZodObject<Record<never, z.ZodType>>,
  Body extends z.ZodType = z.ZodUndefined,
>(
  route:
    & Omit<Route<Params, Query, Body, Result>, Defaulted>
    & Partial<Pick<Route<Params, Query, Body, Result>, Defaulted>>,
): Route {
  return {
    bucket: null,
    params: {},
    query: z.strictObject({}),
    body: undefined,
    content: undefined,
    headers: {},
    failures: [],
    ...route,
  };
}
