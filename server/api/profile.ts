/**
 * `/api/profile`: one profile, by one of its identities.
 *
 * @module
 */
import { z } from "zod";
import type { Profiles } from "../../core/engine/runtime.ts";
import { one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { profile } from "./schemas.ts";

/** The route of profiles. */
export function profileRoutes(profiles: Profiles): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/profile",
      name: "getProfile",
      tag: "profile",
      summary: "Show the profile that an identity names",
      query: z.strictObject({
        field: z.string().min(1).describe("Field that identifies it"),
        value: z.string().min(1).describe("The field's value"),
        table: z.string().min(1).exactOptional().describe("Profile table it lives in"),
      }),
      failures: [404],
      answer: one(profile),
      handle: ({ query: { field, value, ...options } }) => profiles.get(field, value, options),
    }),
  ];
}
