/**
 * What makes a token, in every form that the documents show.
 *
 * @module
 */
import { z } from "zod";
import { SCOPES } from "../../core/engine/scopes.ts";

const scopes = z.union([z.string(), z.array(z.string())], {
  error: "must be a list of scopes, or a text with commas between them",
});

/** The body that makes a token. */
export const createTokenBody = z.strictObject({
  scopes: scopes.describe(`Of ${SCOPES.join(", ")}: a list, or a text with commas between them`),
  name: z.string().exactOptional().describe("What to call it"),
  description: z.string().exactOptional(),
  expires: z.string().exactOptional().describe(
    'How long it is good: hours ("100h"), minutes, days or weeks ("30m", "7d", "2w"), or an ISO 8601 time; ' +
      "for ever where it is left out",
  ),
});

/** Both forms of scopes as one. */
export function scopesOf(given: z.output<typeof scopes>): readonly string[] {
  const list = typeof given === "string" ? given.split(",") : given;
  return list.map((scope) => scope.trim()).filter((scope) => scope !== "");
}
