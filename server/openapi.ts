/**
 * The OpenAPI 3.1 document, made from the same declarations that answer the requests.
 *
 * @module
 */
import { z } from "zod";
import { jsonSchemaOf } from "../core/describe/json_schema.ts";
import type { Registry } from "../core/engine/registry.ts";
import { scopesWith } from "../core/engine/capabilities.ts";
import { jobSchema } from "../core/engine/schedule/fields.ts";
import type { Scope } from "../core/engine/scopes.ts";
import { bulkErrorBody } from "./bulk/errors.ts";
import { errorBody } from "./errors.ts";
import { type Route, TAGS } from "./route.ts";

/** Any object of the document. */
export type OpenApiObject = { [key: string]: unknown };

/** One operation of the document. */
export interface Operation extends OpenApiObject {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
  /** What a token has to be allowed, in the place that OpenAPI 3.1 has for roles. */
  readonly security: readonly OpenApiObject[];
  /** The scopes of which a token needs one; absent where anybody may call. */
  readonly "x-scopes"?: readonly Scope[];
}

/** One parameter of an operation. */
export interface Parameter extends OpenApiObject {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: OpenApiObject;
}

/** Schemas by content type. */
export type Content = Readonly<Record<string, { readonly schema: OpenApiObject }>>;

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument extends OpenApiObject {
  readonly openapi: "3.1.1";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, OpenApiObject>>;
    readonly securitySchemes: Readonly<Record<string, OpenApiObject>>;
  };
}

/** Version of the API, not of the program: it changes when callers have to. */
const API_VERSION = "1";

/** What the error statuses mean, whatever the route. */
const FAILURE_WORDS: Readonly<Record<number, string>> = {
  400: "The request is wrong; the message names the field",
  401: "No token, or one that is not known or has expired",
  403: "The token's scopes do not allow it; the hint names those that do",
  404: "There is no such thing",
  409: "It is in the way of something that exists or runs",
  408: "The body did not come",
  412: "The file is another one than the request expects",
  413: "The body is too large",
  415: "The body is of a type that the route does not take",
  416: "The file does not have the bytes that the request asks for",
  422: "The other side refused the credential, or the file cannot be read",
  429: "The API key has used up its rate limit; `Retry-After` tells when it may go on",
  503: "Not now: try again later",
};

const SECURITY_SCHEMES: OpenApiDocument["components"]["securitySchemes"] = {
  bearer: { type: "http", scheme: "bearer", description: "An API token" },
  header: { type: "apiKey", in: "header", name: "Authorization", description: "An API token, bare" },
  query: { type: "apiKey", in: "query", name: "access_token", description: "For what cannot send headers" },
};

/** How the bulk APIs are called. */
const BASIC_SCHEME = { basic: { type: "http", scheme: "basic", description: "An API key and its secret" } };

/** Describes `routes`, and the configuration of everything that `registry` brings. */
export function openApiDocument(routes: readonly Route[], registry: Registry): OpenApiDocument {
  const components = new Components();
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operation(route, components);
  for (const provider of registry.providers) {
    for (const auth of provider.auths) components.add(`config.${auth.id}`, { ...jsonSchemaOf(auth.config) });
  }
  for (const job of registry.jobs) components.add(`config.${job.id}`, { ...jsonSchemaOf(jobSchema(job)) });
  return {
    openapi: "3.1.1",
    info: {
      title: "Waybill",
      version: API_VERSION,
      description: "Moves customer data in and out by file. Answers stand in an envelope: " +
        '`{"status":"success","data":…}`; errors are `{"status":400,"message":…,"kind":…,"hint":…}`. ' +
        'Those under `/v1`, the bulk APIs, answer bare JSON, errors as `{"error":…,"message":…}`. ' +
        "`security` names what a token has to be allowed, `x-scopes` the scopes that allow it. " +
        "The schemas named `config.*` are the configurations of auth methods and job types.",
    },
    tags: Object.values(TAGS).map((name) => ({ name })),
    paths,
    components: { schemas: components.schemas, securitySchemes: { ...SECURITY_SCHEMES, ...BASIC_SCHEME } },
  };
}

function operation(route: Route, components: Components): Operation {
  const { description, answer, capability } = route;
  return {
    operationId: route.name,
    summary: route.summary,
    ...(description === undefined ? {} : { description }),
    tags: [TAGS[route.tag]],
    parameters: [...pathParameters(route), ...queryParameters(route, components), ...headerParameters(route)],
    ...requestBody(route, components),
    responses: {
      [answer.status]: {
        description: answer.description,
        ...(answer.body === null ? {} : {
          content: { [answer.body.type]: { schema: components.schemaOf(answer.body.schema, "output") } },
        }),
      },
      ...Object.fromEntries(
        failureStatuses(route).map((status) => [status, failure(wordsFor(route, status), route, components)]),
      ),
      default: failure("Anything else that went wrong", route, components),
    },
    security: securityOf(route),
    ...(capability === null ? {} : { "x-scopes": scopesWith(capability) }),
  };
}

/** Routes under `/v1` are called with an API key. */
function isBulk({ path }: Route): boolean {
  return path.startsWith("/v1/");
}

function securityOf(route: Route): OpenApiObject[] {
  if (isBulk(route)) return Object.keys(BASIC_SCHEME).map((name) => ({ [name]: [] }));
  const { capability } = route;
  return capability === null ? [] : Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: [capability] }));
}

function wordsFor(route: Route, status: number): string | undefined {
  if (isBulk(route) && status === 401) return "No API key and secret, or wrong ones";
  if (isBulk(route) && status === 403) return "The API key's account has no such app or organization";
  return FAILURE_WORDS[status];
}

function requestBody({ body, content }: Route, components: Components): Pick<Operation, "requestBody"> {
  if (content !== undefined) {
    // OpenAPI 3.1, "Considerations for File Uploads": an empty schema is any sequence of bytes.
    const types = Object.fromEntries(content.map((type) => [type, { schema: {} }]));
    return { requestBody: { required: true, content: types } };
  }
  if (body === undefined) return {};
  const required = !body.safeParse({}).success;
  return { requestBody: { required, content: { "application/json": { schema: components.schemaOf(body, "input") } } } };
}

function failure(
  description: string | undefined,
  route: Route,
  components: Components,
): Operation["responses"][string] {
  return {
    description: description ?? "It went wrong",
    content: {
      "application/json": { schema: components.schemaOf(isBulk(route) ? bulkErrorBody : errorBody, "output") },
    },
  };
}

function failureStatuses(route: Route): number[] {
  const { capability, bucket, params, query, body, content, failures } = route;
  const statuses = new Set(failures);
  const takesBody = body !== undefined || content !== undefined;
  const takesInput = takesBody || Object.keys(query.shape).length > 0;
  if (takesInput) statuses.add(400);
  if (capability !== null) statuses.add(401).add(403);
  if (bucket !== null) statuses.add(429);
  if (isBulk(route)) {
    statuses.add(401);
    if (takesBody) statuses.add(408).add(413);
  } else {
    if (Object.keys(params).length > 0) statuses.add(404);
    if (takesBody) statuses.add(408).add(413).add(415);
  }
  return [...statuses].sort((a, b) => a - b);
}

function pathParameters({ params }: Route): Parameter[] {
  return Object.entries(params).map(([name, description]) => ({
    name,
    in: "path",
    required: true,
    description,
    schema: { type: "string" },
  }));
}

function headerParameters({ headers }: Route): Parameter[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }));
}

function queryParameters({ query }: Route, components: Components): Parameter[] {
  const { properties = {}, required = [] } = components.schemaOf(query, "input") as {
    properties?: Record<string, OpenApiObject>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    required: required.includes(name),
    ...(typeof description === "string" ? { description } : {}),
    schema,
  }));
}

/** The schemas that the document names, each of them once. */
class Components {
  readonly schemas: Record<string, OpenApiObject> = {};

  add(name: string, schema: OpenApiObject): void {
    this.schemas[name] = schema;
  }

  /** A zod schema as JSON Schema; schemas in it that have an id become components. */
  schemaOf(schema: z.ZodType, io: "input" | "output"): OpenApiObject {
    // The wrapper makes a named schema at the top a reference like any other.
    const wrapped = z.toJSONSchema(z.tuple([schema]), {
      io,
      override: ({ jsonSchema }) => {
        // A client that refuses unknown keys in answers would break when one is added.
        if (io === "output") delete jsonSchema.additionalProperties;
      },
    });
    const { $defs = {}, prefixItems } = JSON.parse(
      JSON.stringify(wrapped).replaceAll('"#/$defs/', '"#/components/schemas/'),
    ) as { $defs?: Record<string, OpenApiObject>; prefixItems: [OpenApiObject] };
    for (const [name, { id: _, ...definition }] of Object.entries($defs)) this.add(name, definition);
    return prefixItems[0];
  }
}
