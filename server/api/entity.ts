/**
 * `/api/entity` and `/api/me`: profiles with their audiences, for personalisation.
 *
 * @module
 */
import { z } from "zod";
import type { EntityQuery } from "../../core/engine/runtime.ts";
import { DEFAULT_TABLE } from "../../core/engine/profile_tables.ts";
import { defineRoute, type Route, type RouteInput } from "../route.ts";
import { entityAnswer, type EntityResult } from "./entity_answer.ts";

/** The table that other scopes see than those of people. */
const CONTENT = "content";

const flag = z.enum(["true", "false"]).exactOptional();

const entityQuery = z.strictObject({
  fields: z.string().exactOptional().describe("Comma-separated names of the fields to give; all unless told"),
  segments: flag.describe("Whether to give the slugs of its audiences; `true` unless told"),
  meta: flag.describe("Whether to give `meta`; `true` unless told"),
  download: flag.describe("Whether browsers save it as a file; `false` unless told"),
});

const table = "Name of the profile table";
const field = "Field that identifies it";
const value = "The field's value, percent-encoded";
const cookie = "Value of the cookie (`_uid`), percent-encoded";

const shared = {
  method: "get",
  tag: "entity",
  query: entityQuery,
  answer: entityAnswer,
} as const;

/** The routes of entities. */
export const entityRoutes: readonly Route[] = [
  defineRoute({
    ...shared,
    path: "/api/entity/{table}/{field}/{value}",
    name: "getEntity",
    capability: "entity.read",
    summary: "Show the profile that an identity names, with its audiences",
    params: { table, field, value },
    handle: (input) => look(input, input.params),
  }),
  defineRoute({
    ...shared,
    path: "/api/entity/{table}/{value}",
    name: "getEntityByCookie",
    capability: "entity.read",
    summary: "Show the profile that a cookie names, with its audiences",
    params: { table, value: cookie },
    handle: (input) => look(input, input.params),
  }),
  defineRoute({
    ...shared,
    path: `/api/entity/${CONTENT}/{field}/{value}`,
    name: "getContentEntity",
    capability: "content.read",
    summary: "Show what an identity names in the table `content`",
    params: { field, value },
    handle: (input) => look(input, { table: CONTENT, ...input.params }),
  }),
  defineRoute({
    ...shared,
    path: `/api/entity/${CONTENT}/{value}`,
    name: "getContentEntityByCookie",
    capability: "content.read",
    summary: "Show what a cookie names in the table `content`",
    params: { value: cookie },
    handle: (input) => look(input, { table: CONTENT, ...input.params }),
  }),
  defineRoute({
    ...shared,
    path: "/api/me/{field}/{value}",
    name: "getMe",
    capability: "entity.read",
    summary: "Show a profile of the table `user`",
    params: { field, value },
    handle: (input) => look(input, { table: DEFAULT_TABLE, ...input.params }),
  }),
];

async function look(
  { engine, query }: Pick<RouteInput<unknown, z.output<typeof entityQuery>, unknown>, "engine" | "query">,
  place: Pick<EntityQuery, "table" | "field" | "value">,
): Promise<EntityResult> {
  const { fields, segments, meta, download } = query;
  const asked: EntityQuery = { ...place, segments: segments !== "false", meta: meta !== "false" };
  const wanted = fields === undefined || fields === "" ? undefined : fields.split(",").map((name) => name.trim());
  const text = await engine.entities.text(wanted === undefined ? asked : { ...asked, fields: wanted });
  return { text, fileName: download === "true" ? `${place.table}.json` : undefined };
}
