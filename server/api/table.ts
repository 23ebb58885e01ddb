/**
 * `/api/table`: profile tables.
 *
 * @module
 */
import { z } from "zod";
import { one, page } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { pageCursor, pageLimit } from "./inputs.ts";
import { crowded, table, tableChange, tableFieldList } from "./mapping_schemas.ts";

const tableParam = { name: "Name or integer id of the table" };
const lists = z.record(z.string().min(1), z.array(z.string().min(1)).nullable()).nullable().exactOptional();

/** The routes of profile tables. */
export const tableRoutes: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/table",
    name: "listTables",
    capability: "entity.read",
    tag: "table",
    summary: "List profile tables",
    answer: one(z.array(table), "The tables"),
    handle: ({ engine }) => engine.tables.list(),
  }),
  defineRoute({
    method: "get",
    path: "/api/table/{name}",
    name: "getTable",
    capability: "entity.read",
    tag: "table",
    summary: "Show a profile table",
    params: tableParam,
    answer: one(table),
    handle: ({ engine, params }) => engine.tables.get(params.name),
  }),
  defineRoute({
    method: "get",
    path: "/api/table/{name}/fields",
    name: "listTableFields",
    capability: "entity.read",
    tag: "table",
    summary: "List a profile table's fields, with kind, merge, fill rate and examples",
    params: tableParam,
    answer: one(tableFieldList, "Its fields"),
    handle: ({ engine, params }) => engine.tables.fields(params.name),
  }),
  defineRoute({
    method: "get",
    path: "/api/table/{name}/crowded",
    name: "listCrowdedProfiles",
    capability: "entity.read",
    tag: "table",
    summary: "List the profiles that gathered more values of one identity field than the table allows",
    params: tableParam,
    query: z.strictObject({ cursor: pageCursor.exactOptional(), limit: pageLimit.exactOptional() }),
    answer: page(crowded),
    handle: ({ engine, params, query }) => engine.tables.crowded(params.name, query),
  }),
  defineRoute({
    method: "put",
    path: "/api/table/{name}",
    name: "updateTable",
    capability: "mapping.write",
    tag: "table",
    summary: "Change how a table's values identify",
    description:
      "What is left out stays, field by field; null goes back to what is built in. The table is filled anew " +
      "by the run `replay_run`.",
    params: tableParam,
    body: z.strictObject({
      deny: lists.describe("Field, or `*` for every one → values that name nobody, beyond those built in"),
      normalise: lists.describe("Field → steps of `digits` and `lower`; without, e-mail addresses are lower-cased"),
      most_values: z.int().min(2).max(1_000_000).nullable().exactOptional().describe(
        "Values of one identity field from which a profile is reported; 100 unless told",
      ),
    }),
    answer: one(tableChange),
    handle: ({ engine, params, body }) => engine.tables.update(params.name, body),
  }),
];
