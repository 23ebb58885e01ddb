/**
 * The forms of the bulk APIs' answers: bare JSON, and the way to a file.
 *
 * @module
 */
import type { z } from "zod";
import type { Answer } from "../answers.ts";

/** A JSON value, without an envelope. */
export function bare<T>(schema: z.ZodType<T>, description: string, status: 200 | 202 = 200): Answer<T> {
  return {
    status,
    description,
    body: { type: "application/json", schema },
    respond: (value) => Response.json(value, { status }),
  };
}

/** A redirection (302) to a signed link. */
export function redirect(description: string): Answer<string> {
  return {
    status: 302,
    description,
    body: null,
    respond: (location) => new Response(null, { status: 302, headers: { location, "content-length": "0" } }),
  };
}
