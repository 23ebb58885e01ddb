/**
 * `/api/token`: the tokens that the API is called with. No answer holds one.
 *
 * @module
 */
import { z } from "zod";
import type { Tokens } from "../../core/engine/runtime.ts";
import type { TokenView } from "../../core/engine/views.ts";
import { nothing, one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";

const token: z.ZodType<TokenView> = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()).readonly(),
  created: z.iso.datetime(),
}).meta({ id: "Token" });

const tokenParam = { id: "Id of the token" };

/** The routes of tokens. */
export function tokenRoutes(tokens: Tokens): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/token",
      name: "listTokens",
      tag: "token",
      summary: "List tokens",
      answer: one(z.array(token), "The tokens"),
      handle: () => tokens.list(),
    }),
    defineRoute({
      method: "get",
      path: "/api/token/{id}",
      name: "getToken",
      tag: "token",
      summary: "Show a token: its name and scopes, never itself",
      params: tokenParam,
      answer: one(token),
      handle: ({ params }) => tokens.get(params.id),
    }),
    defineRoute({
      method: "delete",
      path: "/api/token/{id}",
      name: "deleteToken",
      tag: "token",
      summary: "Delete a token: it opens nothing from then on",
      description: "Refused for the last one with scope `admin`.",
      params: tokenParam,
      failures: [409],
      answer: nothing(),
      handle: async ({ params }) => {
        await tokens.delete(params.id, { keepAdmin: true });
      },
    }),
  ];
}
