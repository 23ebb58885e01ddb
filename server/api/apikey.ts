/**
 * `/api/apikey`: the keys that the bulk APIs are called with. Only the answer that makes one holds its secret.
 *
 * @module
 */
import { z } from "zod";
import type { ApiKeyView } from "../../core/engine/views.ts";
import { made, nothing, one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";

const fields = {
  api_key: z.string().describe("The key, which is no secret: 23 hex digits, a dash and a UUID"),
  name: z.string(),
  org_id: z.int().describe("What the bulk APIs call the account"),
  user_id: z.string().nullable().describe("Id of the token that made it; null for the command line"),
  user_name: z.string().nullable().describe("Name that the token had then"),
  created: z.iso.datetime(),
};

const apiKey: z.ZodType<ApiKeyView> = z.object(fields).meta({ id: "ApiKey" });

const createdKey: z.ZodType<ApiKeyView & { readonly api_secret: string }> = z.object({
  ...fields,
  api_secret: z.string().describe("The secret: it is not shown again"),
}).meta({ id: "CreatedApiKey" });

const keyParam = { key: "The key, without its secret" };

/** The routes of API keys. */
export const apiKeyRoutes: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/apikey",
    name: "listApiKeys",
    capability: "apikey.read",
    tag: "apikey",
    summary: "List API keys",
    answer: one(z.array(apiKey), "The keys"),
    handle: ({ engine }) => engine.apiKeys.list(),
  }),
  defineRoute({
    method: "post",
    path: "/api/apikey",
    name: "createApiKey",
    capability: "apikey.write",
    tag: "apikey",
    summary: "Make an API key",
    description: "The answer holds its secret, this once.",
    body: z.strictObject({ name: z.string().exactOptional().describe("What to call it") }),
    answer: made(201, createdKey, ({ api_key }) => `/api/apikey/${api_key}`),
    handle: ({ engine, body }) => engine.apiKeys.create(body),
  }),
  defineRoute({
    method: "get",
    path: "/api/apikey/{key}",
    name: "getApiKey",
    capability: "apikey.read",
    tag: "apikey",
    summary: "Show an API key, never its secret",
    params: keyParam,
    answer: one(apiKey),
    handle: ({ engine, params }) => engine.apiKeys.get(params.key),
  }),
  defineRoute({
    method: "delete",
    path: "/api/apikey/{key}",
    name: "deleteApiKey",
    capability: "apikey.write",
    tag: "apikey",
    summary: "Delete an API key: it opens nothing from then on",
    params: keyParam,
    answer: nothing(),
    handle: async ({ engine, params }) => {
      await engine.apiKeys.delete(params.key);
    },
  }),
];
