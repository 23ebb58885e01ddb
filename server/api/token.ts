/**
 * `/api/token` and `/api/auth/createtoken`: the tokens that the API is called with. Only the answer that makes one holds
 * it.
 *
 * @module
 */
import { z } from "zod";
import type { TokenView } from "../../core/engine/views.ts";
import { made, nothing, one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { TOKEN_PROVIDER } from "./auth_resource.ts";
import { createTokenBody, scopesOf } from "./token_input.ts";

const tokenFields = {
  id: z.string(),
  account_id: z.string(),
  name: z.string(),
  description: z.string(),
  scopes: z.array(z.string()).readonly(),
  expires: z.iso.datetime().nullable().describe("From when on it opens nothing; null = never"),
  user_id: z.string().nullable().describe(
    "Id of the token that made it; null for the command line and the first start",
  ),
  user_name: z.string().nullable().describe("Name that the token had then"),
  created: z.iso.datetime(),
};

const token: z.ZodType<TokenView> = z.object(tokenFields).meta({ id: "Token" });

/** A token in the one answer that holds it, in the documented form and ours. */
interface CreatedToken extends TokenView {
  readonly provider_id: string;
  readonly provider_name: string;
  readonly config: readonly { readonly api_key: string }[];
  readonly token: string;
}

const createdToken: z.ZodType<CreatedToken> = z.object({
  ...tokenFields,
  provider_id: z.string(),
  provider_name: z.string(),
  config: z.array(z.object({ api_key: z.string() })).readonly().describe("The token, in its documented place"),
  token: z.string().describe("The token: it is not shown again"),
}).meta({ id: "CreatedToken" });

const tokenParam = { id: "Id of the token" };

/** The routes of tokens. */
export const tokenRoutes: readonly Route[] = [
  defineRoute({
    method: "post",
    path: "/api/auth/createtoken",
    name: "createToken",
    capability: "token.write",
    tag: "token",
    summary: "Make a token",
    description: "The answer holds it, this once. Its id is an auth's, too: `GET` and `DELETE` of `/api/auth/{id}` " +
      "take it.",
    body: createTokenBody,
    answer: made(201, createdToken, ({ id }) => `/api/token/${id}`),
    handle: async ({ engine, body: { scopes, ...body } }) => {
      const created = await engine.tokens.create({ ...body, scopes: scopesOf(scopes) });
      return { ...created, ...TOKEN_PROVIDER, config: [{ api_key: created.token }] };
    },
  }),
  defineRoute({
    method: "get",
    path: "/api/token",
    name: "listTokens",
    capability: "token.read",
    tag: "token",
    summary: "List tokens",
    answer: one(z.array(token), "The tokens"),
    handle: ({ engine }) => engine.tokens.list(),
  }),
  defineRoute({
    method: "get",
    path: "/api/token/{id}",
    name: "getToken",
    capability: "token.read",
    tag: "token",
    summary: "Show a token: its name and scopes, never itself",
    params: tokenParam,
    answer: one(token),
    handle: ({ engine, params }) => engine.tokens.get(params.id),
  }),
  defineRoute({
    method: "delete",
    path: "/api/token/{id}",
    name: "deleteToken",
    capability: "token.write",
    tag: "token",
    summary: "Delete a token: it opens nothing from then on",
    description: "Refused for the last one with scope `admin`.",
    params: tokenParam,
    failures: [409],
    answer: nothing(),
    handle: async ({ engine, params }) => {
      await engine.tokens.delete(params.id, { keepAdmin: true });
    },
  }),
];
