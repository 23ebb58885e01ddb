/**
 * A profile as the entity API answers with it: without the envelope, and as a file where that is wanted.
 *
 * @module
 */
import type { Answer } from "../answers.ts";
import { entity } from "./audience_schemas.ts";

/** A profile, and how it is sent. */
export interface EntityResult {
  /** The JSON document. */
  readonly text: string;
  /** Name of the file to save it as; undefined = it is shown. */
  readonly fileName: string | undefined;
}

/** How one goes that is not to be saved. */
const SHOWN = { headers: { "content-type": "application/json" } };

/** The answer. */
export const entityAnswer: Answer<EntityResult> = {
  status: 200,
  description: "The profile",
  body: { type: "application/json", schema: entity },
  respond: ({ text, fileName }) =>
    new Response(
      text,
      fileName === undefined ? SHOWN : { headers: { ...SHOWN.headers, "content-disposition": attachment(fileName) } },
    ),
};

/** RFC 6266, with the characters alone that every client takes as they are. */
function attachment(fileName: string): string {
  const safe = fileName.replaceAll(/[^A-Za-z0-9._-]/g, "_").replace(/^\.+/, "");
  return `attachment; filename="${safe}"`;
}
