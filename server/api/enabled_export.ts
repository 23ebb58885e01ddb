/**
 * `/api/export`: which exports the bulk APIs may fetch.
 *
 * @module
 */
import { z } from "zod";
import type { EnabledExportView } from "../../core/engine/exports/enabled_exports.ts";
import { made, nothing, one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";

const type = z.literal("log-export").describe("`log-export`: the raw logs of an app");

const enabled: z.ZodType<EnabledExportView> = z.object({
  id: z.int(),
  type,
  app_id: z.string().describe("The app that it is of"),
  app: z.string().describe("The app's name"),
  created_at: z.iso.datetime(),
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
    description: "One that is enabled already stays as it is.",
    body: z.strictObject({ type, app: z.string().min(1).describe("Id or name of the app") }),
    failures: [404],
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
    description: "What was collected stays for the rest of its time, and is there again when the export is enabled.",
    params: idParam,
    answer: nothing(),
    handle: async ({ engine, params }) => {
      await engine.enabledExports.disable(params.id);
    },
  }),
];
