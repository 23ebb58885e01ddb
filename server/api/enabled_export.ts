/**
 * `/api/export`: which exports the bulk APIs may fetch.
 *
 * @module
 */
import { z } from "zod";
import { IDENTIFIERS } from "../../core/contracts/export_job.ts";
import type { EnabledExportView } from "../../core/engine/exports/enabled_exports.ts";
import { PROFILE_JOBS } from "../../core/engine/exports/export_sources.ts";
import { made, nothing, one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { runStatus } from "./schemas.ts";

const time = z.iso.datetime();

const identifier_type = z.enum(IDENTIFIERS).describe("What members are named by");
const job_type = z.enum(PROFILE_JOBS).describe("All profiles, or what changed since the last request");

/** What can be enabled: one of these is given. */
const what = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("audience-export"),
    audience: z.string().min(1).describe("Slug or id of the audience"),
    identifier_type,
  }),
  z.strictObject({
    type: z.literal("profile-export"),
    table: z.string().min(1).describe("Name or id (`profiledb_id`) of the profile table"),
    job_type,
  }),
  z.strictObject({
    type: z.literal("log-export").describe("The raw logs of an app"),
    app: z.string().min(1).describe("Id or name of the app"),
  }),
]);

const enabled: z.ZodType<EnabledExportView> = z.object({
  id: z.int(),
  type: z.enum(["audience-export", "profile-export", "log-export"]),
  source_id: z.string().describe("Id of the audience, profile table or app"),
  name: z.string().describe("Its name"),
  job_type: z.string().nullable().describe("Identifier type, `profile` or `profile_changes`; null for logs"),
  enabled_by: z.string().nullable().describe("The token that enabled it; null for one enabled at the command line"),
  created_at: time,
  next_refresh_at: time.nullable().describe("When its results are made anew; null for logs"),
  last_requested_at: time.nullable(),
  results_generated_at: time.nullable().describe("Null while there are no results"),
  results_count: z.int().nullable().describe("Rows of the results"),
  last_run: z.object({
    id: z.string(),
    status: runStatus,
    failure: z.string().nullable().describe("Why it failed; null unless it did"),
  }).nullable().describe("The newest run that makes its results; null for logs, and while there was none"),
  results_expire_at: time.nullable().describe("From when on it is gone, unless somebody asks for it; null for logs"),
}).meta({ id: "EnabledExport" });

const idParam = { id: "Id of the enabled export" };

/** The routes of enabled exports. */
export const enabledExportRoutes: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/export",
    name: "listEnabledExports",
    capability: "export.read",
    tag: "export",
    summary: "List the exports that the bulk APIs may fetch",
    answer: one(z.array(enabled), "The enabled exports"),
    handle: ({ engine }) => engine.enabledExports.list(),
  }),
  defineRoute({
    method: "post",
    path: "/api/export",
    name: "enableExport",
    capability: "export.write",
    tag: "export",
    summary: "Let the bulk APIs fetch an export",
    description:
      "One that is enabled already stays so for 45 more days without a request, in the right of who asks now: " +
      "where they may not see personal fields, and whoever enabled it before might, its results end.",
    body: what,
    failures: [404, 409],
    answer: made(201, enabled, ({ id }) => `/api/export/${id}`),
    handle: ({ engine, body }) => engine.enabledExports.enable(body),
  }),
  defineRoute({
    method: "get",
    path: "/api/export/{id}",
    name: "getEnabledExport",
    capability: "export.read",
    tag: "export",
    summary: "Show an enabled export",
    params: idParam,
    answer: one(enabled),
    handle: ({ engine, params }) => engine.enabledExports.get(params.id),
  }),
  defineRoute({
    method: "delete",
    path: "/api/export/{id}",
    name: "disableExport",
    capability: "export.write",
    tag: "export",
    summary: "Disable an export: nobody fetches it any more, and its links open nothing",
    description: "Its results end. Raw logs stay for the rest of their time, and are there again when it is enabled.",
    params: idParam,
    answer: nothing(),
    handle: async ({ engine, params }) => {
      await engine.enabledExports.disable(params.id);
    },
  }),
];
