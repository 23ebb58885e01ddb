/**
 * `/api/mapping`: how streams become profiles.
 *
 * @module
 */
import { z } from "zod";
import { made, one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { jsonValue } from "./schemas.ts";
import { deletedMapping, mapping, mappingChange, mappingPreview, mappingSuggestion } from "./mapping_schemas.ts";

const mappingParam = { id: "Id or alias of the mapping, or its stream where that has just one" };
const lql = z.string().min(1).describe("The text, in LQL");

/** The routes of mappings. */
export const mappingRoutes: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/mapping",
    name: "listMappings",
    capability: "mapping.read",
    tag: "mapping",
    summary: "List mappings",
    query: z.strictObject({
      stream: z.string().min(1).exactOptional().describe("Only those of this stream"),
      table: z.string().min(1).exactOptional().describe("Only those into this profile table"),
    }),
    failures: [404],
    answer: one(z.array(mapping), "The mappings"),
    handle: ({ engine, query }) => engine.mappings.list(query),
  }),
  defineRoute({
    method: "post",
    path: "/api/mapping",
    name: "createMapping",
    capability: "mapping.write",
    tag: "mapping",
    summary: "Make a mapping",
    description: "Its stream and table are made where they are not there. Events that came in before it are replayed " +
      "by the run `replay_run`.",
    body: z.strictObject({ lql }),
    failures: [409, 413],
    answer: made(201, mappingChange, ({ id }) => `/api/mapping/${id}`),
    handle: ({ engine, body }) => engine.mappings.create(body),
  }),
  defineRoute({
    method: "post",
    path: "/api/mapping/test",
    name: "testMapping",
    capability: "mapping.read",
    tag: "mapping",
    summary: "Show the profiles that a mapping would make; changes nothing",
    description: "Over `rows`, or the last events of its stream.",
    body: z.strictObject({
      lql: lql.exactOptional(),
      mapping: z.string().min(1).exactOptional().describe("In place of a text: id, alias or stream of a mapping"),
      rows: z.array(z.record(z.string(), jsonValue)).exactOptional().describe("Events, whose time is now"),
      events: z.int().min(1).max(100_000).exactOptional().describe("Last events to read; 1,000 unless told"),
      show: z.int().min(0).max(1_000).exactOptional().describe("Profiles to show; 20 unless told"),
    }),
    failures: [404, 409, 413],
    answer: one(mappingPreview, "What it would make"),
    handle: ({ engine, body }) => engine.mappings.test(body),
  }),
  defineRoute({
    method: "post",
    path: "/api/mapping/suggest",
    name: "suggestMapping",
    capability: "mapping.read",
    tag: "mapping",
    summary: "Suggest a mapping from a stream's fields; changes nothing",
    body: z.strictObject({ stream: z.string().min(1).describe("The stream") }),
    failures: [404],
    answer: one(mappingSuggestion, "A mapping to begin with"),
    handle: ({ engine, body }) => engine.mappings.suggest(body.stream),
  }),
  defineRoute({
    method: "get",
    path: "/api/mapping/{id}",
    name: "getMapping",
    capability: "mapping.read",
    tag: "mapping",
    summary: "Show a mapping",
    params: mappingParam,
    answer: one(mapping),
    handle: ({ engine, params }) => engine.mappings.get(params.id),
  }),
  defineRoute({
    method: "put",
    path: "/api/mapping/{id}",
    name: "updateMapping",
    capability: "mapping.write",
    tag: "mapping",
    summary: "Give a mapping another text",
    description: "Of the same stream and table. The table is filled anew by the run `replay_run` and takes the place " +
      "of the old one when that is done.",
    params: mappingParam,
    body: z.strictObject({ lql: lql.exactOptional() }),
    failures: [409, 413],
    answer: one(mappingChange),
    handle: ({ engine, params, body }) => engine.mappings.update(params.id, body),
  }),
  defineRoute({
    method: "delete",
    path: "/api/mapping/{id}",
    name: "deleteMapping",
    capability: "mapping.write",
    tag: "mapping",
    summary: "Delete a mapping",
    description: "The events stay; the table is filled anew without it by the run `replay_run`.",
    params: mappingParam,
    answer: one(deletedMapping, "What is gone"),
    handle: ({ engine, params }) => engine.mappings.delete(params.id),
  }),
];
