/**
 * `/api/audience`: named sets of profiles.
 *
 * @module
 */
import { z } from "zod";
import { made, nothing, one } from "../answers.ts";
import { RequestFailure } from "../errors.ts";
import { pageOrLines } from "../lines.ts";
import type { RawBody } from "../raw_body.ts";
import { defineRoute, type Route } from "../route.ts";
import { audience, audienceSize, importedMembers, member, savedAudience } from "./audience_schemas.ts";
import { pageCursor, pageLimit } from "./inputs.ts";

const audienceParam = { id: "Id or slug of the audience" };
const text = z.string().exactOptional();
const filter = z.string().min(1).describe("FilterQL: `FILTER … [FROM table] [ALIAS slug]`").exactOptional();

/** Types of a list's members. */
const LINES = ["text/plain", "text/csv"];

/** What programs call a file of which they know nothing, `curl --data-binary` for one. */
const UNTOLD = ["", "application/octet-stream", "application/x-www-form-urlencoded"];

/** The routes of audiences. */
export const audienceRoutes: readonly Route[] = [...keeping(), ...reading(), ...importing()];

/** Making, reading, changing and removing. */
function keeping(): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/audience",
      name: "listAudiences",
      capability: "audience.read",
      tag: "audience",
      summary: "List audiences",
      answer: one(z.array(audience), "The audiences"),
      handle: ({ engine }) => engine.audiences.list(),
    }),
    defineRoute({
      method: "post",
      path: "/api/audience",
      name: "createAudience",
      capability: "audience.write",
      tag: "audience",
      summary: "Create an audience",
      description: "Either with a filter, or as a list whose members are imported.",
      body: z.strictObject({
        name: text.describe("For people; the slug unless told"),
        slug: text.describe("Unique; the filter's ALIAS, else made of the name, unless told"),
        description: text,
        filter,
        list: z.boolean().exactOptional().describe("Whether members are imported"),
        table: text.describe("Profile table; the filter's FROM, else `user`, unless told"),
      }),
      failures: [404, 409],
      answer: made(201, savedAudience, ({ id }) => `/api/audience/${id}`),
      handle: ({ engine, body }) => engine.audiences.create(body),
    }),
    defineRoute({
      method: "get",
      path: "/api/audience/{id}",
      name: "getAudience",
      capability: "audience.read",
      tag: "audience",
      summary: "Show an audience",
      params: audienceParam,
      answer: one(audience),
      handle: ({ engine, params }) => engine.audiences.get(params.id),
    }),
    defineRoute({
      method: "put",
      path: "/api/audience/{id}",
      name: "updateAudience",
      capability: "audience.write",
      tag: "audience",
      summary: "Change an audience",
      description: "What is left out stays as it is. Refused where audiences that include it no longer could.",
      params: audienceParam,
      body: z.strictObject({ name: text, slug: text, description: text, filter }),
      failures: [409],
      answer: one(savedAudience),
      handle: ({ engine, params, body }) => engine.audiences.update(params.id, body),
    }),
    defineRoute({
      method: "delete",
      path: "/api/audience/{id}",
      name: "deleteAudience",
      capability: "audience.write",
      tag: "audience",
      summary: "Delete an audience",
      description: "Refused while other audiences include it.",
      params: audienceParam,
      failures: [409],
      answer: nothing(),
      handle: async ({ engine, params }) => {
        await engine.audiences.delete(params.id);
      },
    }),
  ];
}

/** Sizes and members. */
function reading(): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/audience/{id}/size",
      name: "getAudienceSize",
      capability: "audience.read",
      tag: "audience",
      summary: "Count the profiles that are members now",
      params: audienceParam,
      answer: one(audienceSize, "The size"),
      handle: ({ engine, params, signal }) => engine.audiences.size(params.id, { signal }),
    }),
    defineRoute({
      method: "get",
      path: "/api/audience/{id}/members",
      name: "listMembers",
      capability: "audience.read",
      tag: "audience",
      summary: "List the profiles that are members now",
      description: "In pages, each as the profiles are when it is asked for; or with `format=ndjson` all of them as " +
        "they were at one moment. Such a list breaks off when nobody reads on for 20 s.",
      params: audienceParam,
      query: z.strictObject({
        cursor: pageCursor.exactOptional(),
        limit: pageLimit.exactOptional(),
        format: z.enum(["json", "ndjson"]).exactOptional().describe("`json` (in pages) unless told"),
      }),
      answer: pageOrLines(member),
      handle: ({ engine, params, query: { format, ...query }, signal }) =>
        format === "ndjson"
          ? engine.audiences.eachMember(params.id, { signal })
          : engine.audiences.members(params.id, { ...query, signal }),
    }),
  ];
}

/** A body that is lines of text. Failure 415 for any other: each of a form's lines, or of JSON, would be a member. */
function asLines(content: RawBody): RawBody {
  const { type, charset, gzip } = content;
  if (gzip) throw new RequestFailure(415, "The list is packed", { hint: "Send it as it is" });
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    throw new RequestFailure(415, `The list is in the charset "${charset.slice(0, 64)}"`, { hint: "Send it in UTF-8" });
  }
  if ([...LINES, ...UNTOLD].includes(type)) return content;
  throw new RequestFailure(415, `The request body has the content type "${type.slice(0, 64)}", which is no list`, {
    hint: "Send an identity a line as text/plain: `curl --data-binary @FILE -H 'content-type: text/plain'`",
    headers: { accept: LINES.join(", ") },
  });
}

/** Members of lists. */
function importing(): readonly Route[] {
  return [
    defineRoute({
      method: "post",
      path: "/api/audience/{id}/members",
      name: "importMembers",
      capability: "audience.write",
      tag: "audience",
      summary: "Import the members of a list audience",
      description: "The body is UTF-8, an identity a line. They replace those that are there, all at once; with " +
        "`mode=add` they come to them. Identities without a profile stay members and match when there is one.",
      params: audienceParam,
      query: z.strictObject({
        field: z.string().min(1).exactOptional().describe(
          "Identity field that they are values of; that of the members which are there, unless told",
        ),
        mode: z.enum(["replace", "add"]).exactOptional().describe("`replace` unless told"),
      }),
      content: LINES,
      failures: [422],
      answer: one(importedMembers, "They are members"),
      handle: ({ engine, params, query: { field, mode }, content }) => {
        const { stream } = asLines(content);
        return engine.audiences.importMembers(params.id, {
          content: stream,
          add: mode === "add",
          ...(field === undefined ? {} : { field }),
        });
      },
    }),
  ];
}
