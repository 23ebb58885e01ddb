/**
 * `/api/profile`: one profile, by one of its identities.
 *
 * @module
 */
import { z } from "zod";
import { one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { profile } from "./schemas.ts";

/** The route of profiles. */
export const profileRoutes: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/profile",
    name: "getProfile",
    capability: "entity.read",
    tag: "profile",
    summary: "Show the profile that an identity names",
    query: z.strictObject({
      field: z.string().min(1).describe("Field that identifies it"),
      value: z.string().min(1).describe("The field's value"),
      table: z.string().min(1).exactOptional().describe("Profile table it lives in"),
    }),
    failures: [404],
    answer: one(profile),
    handle: ({ engine, query: { field, value, ...options } }) => engine.profiles.get(field, value, options),
  }),
];
