/**
 * `/v1/imports/audiences`: lists of ids that become audiences of an app.
 *
 * @module
 */
import { z } from "zod";
import { Failure } from "../../core/contracts/failure.ts";
import { AUDIENCE_IMPORT } from "../../core/engine/audience_lists.ts";
import type { Engine } from "../../core/engine/runtime.ts";
import type { AudienceListView } from "../../core/engine/views.ts";
import type { Route } from "../route.ts";
import { ACTIVITY_STATUS, activityOf, type ActivityStatus, findActivity, queued, sampleTime } from "./activity.ts";
import { bare } from "./answers.ts";
import { bulkRoute } from "./bulk_route.ts";
import { requireApp } from "./scope.ts";
import { textParameters } from "./parameters.ts";
import { takeForm } from "./upload.ts";

const FORM = ["multipart/form-data"];

const app_id = z.string().min(1).describe("The app whose profiles the ids are of");
const identifier_type = z.literal("customer_id", "must be customer_id");

const created = z.strictObject({
  app_id,
  audience_name: z.string().min(1).max(100).describe("What the audience is to be called"),
  identifier_type,
});
const replaced = z.strictObject({
  app_id,
  identifier_type,
  audience_list_id: z.string().exactOptional().describe("The list, once more"),
});

const list: z.ZodType<AudienceListView> = z.object({
  id: z.int().describe("The `audience_list_id`"),
  name: z.string(),
  app_id: z.string(),
  version: z.int().describe("Moved by each import"),
  record_count: z.int().describe("Different ids in it, whether or not they have a profile"),
  created_at: z.string().describe("UTC, in whole seconds"),
  updated_at: z.string().describe("UTC, in whole seconds"),
}).meta({ id: "AudienceList" });

/** How an import stands. */
interface Status {
  readonly status: ActivityStatus;
  readonly error_reason: string | null;
  readonly app_uuid: string;
  readonly upload_statistics: Readonly<Record<typeof STATISTICS[number], string>> | null;
  readonly created_at: string;
  readonly updated_at: string;
}

const STATISTICS = [
  "total_lines",
  "audience_id",
  "audience_list_id",
  "failed_lines",
  "successful_lines",
] as const;

const status: z.ZodType<Status> = z.object({
  status: z.enum(["Pending", "Running", "Completed", "Failed"]),
  error_reason: z.string().nullable().describe("Why it failed"),
  app_uuid: z.string().describe("The app"),
  upload_statistics: z.record(z.enum(STATISTICS), z.string()).nullable().describe("Null until it is completed"),
  created_at: z.string().describe("UTC, in whole seconds"),
  updated_at: z.string().describe("UTC, in whole seconds"),
}).meta({ id: "AudienceImportStatus" });

const listParam = { audience_list_id: "Id of the list: the status of its import and the app's lists tell it" };

/** The routes of audience imports. */
export const audienceImportRoutes: readonly Route[] = [
  bulkRoute({
    method: "post",
    path: "/v1/imports/audiences/list/",
    name: "createAudienceList",
    bucket: "audience-import",
    summary: "Make an audience of the ids in a file",
    description: "A form with `app_id`, `audience_name`, `identifier_type` (`customer_id`) and `file`, which has an " +
      'id on each line: `{"customer_id":"abc"}`. The file is stored durably before the answer.',
    content: FORM,
    failures: [403, 503],
    answer: queued,
    handle: async ({ engine, content, signal }) => {
      await engine.audienceLists.requireRoom();
      return activityOf(
        await takeForm(content, {
          ...formOf(engine, signal, created),
          store: ({ content, fields }) =>
            engine.audienceLists.create({ content, fields: async () => await inApp(engine, await fields()) }),
        }),
      );
    },
  }),
  bulkRoute({
    method: "put",
    path: "/v1/imports/audiences/list/{audience_list_id}",
    name: "replaceAudienceList",
    bucket: "audience-import",
    summary: "Replace the ids of a list",
    description:
      "A form with `app_id`, `identifier_type` and `file`. Whoever looks sees the list from before, or the " +
      "new one.",
    params: listParam,
    content: FORM,
    failures: [403, 404, 503],
    answer: queued,
    handle: async ({ engine, params, content, signal }) => {
      const id = idOf(params.audience_list_id);
      await engine.audienceLists.require(id);
      return activityOf(
        await takeForm(content, {
          ...formOf(engine, signal, replaced),
          store: ({ content, fields }) =>
            engine.audienceLists.replace(id, {
              content,
              fields: async () => {
                const { audience_list_id: again = String(id), ...given } = await fields();
                if (again !== String(id)) {
                  throw new Failure("config", `Parameter "audience_list_id" is not the ${id} of the path`);
                }
                return await inApp(engine, given);
              },
            }),
        }),
      );
    },
  }),
  ...(["put", "post"] as const).map((method) =>
    bulkRoute({
      method,
      path: "/v1/imports/audiences/list/{audience_list_id}/name",
      name: method === "put" ? "renameAudienceList" : "renameAudienceListByPost",
      bucket: "audience-import",
      summary: "Rename a list",
      description: "`name` stands in the query, or in a form or JSON object.",
      params: listParam,
      query: z.strictObject({ name: z.string().exactOptional() }),
      content: [...FORM, "application/x-www-form-urlencoded", "application/json"],
      failures: [404, 409],
      answer: bare(list, "The list"),
      handle: async ({ engine, params, query, content }) => {
        const id = idOf(params.audience_list_id);
        await engine.audienceLists.require(id);
        const { name } = query.name === undefined ? await textParameters(content, ["name"]) : query;
        if (name === undefined) {
          throw new Failure("config", 'Parameter "name" is missing', { hint: "Give it in the query: ?name=NAME" });
        }
        return sampleOf(await engine.audienceLists.rename(id, name));
      },
    })
  ),
  bulkRoute({
    method: "delete",
    path: "/v1/imports/audiences/list/{audience_list_id}",
    name: "deleteAudienceList",
    bucket: "audience-import",
    summary: "Delete a list and its audience",
    params: listParam,
    failures: [404, 409],
    answer: bare(list, "The list that is gone"),
    handle: async ({ engine, params }) => sampleOf(await engine.audienceLists.delete(idOf(params.audience_list_id))),
  }),
  bulkRoute({
    method: "get",
    path: "/v1/imports/audiences/list/app/{app_id}",
    name: "listAudienceLists",
    bucket: "audience-import",
    summary: "List the lists of an app",
    params: { app_id: "The app" },
    failures: [403],
    answer: bare(z.array(list), "The lists whose first import is done"),
    handle: async ({ engine, params }) => {
      const app = await requireApp(engine, params.app_id);
      return (await engine.audienceLists.list(app.app_id)).map(sampleOf);
    },
  }),
  bulkRoute({
    method: "get",
    path: "/v1/imports/audiences/list/status/{activity_id}",
    name: "getAudienceImportStatus",
    bucket: "audience-import-status",
    summary: "Tell how an import stands",
    params: { activity_id: "What the import was answered with" },
    failures: [404],
    answer: bare(status, "How it stands"),
    handle: async ({ engine, params }): Promise<Status> => {
      const run = await findActivity(engine, params.activity_id, AUDIENCE_IMPORT);
      const { app_id: app_uuid, error_reason, upload_statistics, ...times } = await engine.audienceLists.status(run);
      return {
        status: ACTIVITY_STATUS[run.status],
        error_reason,
        app_uuid,
        upload_statistics,
        created_at: sampleTime(times.created_at),
        updated_at: sampleTime(times.updated_at),
      };
    },
  }),
];

/** How both forms are read; a foreign app is told before its file is sent. */
function formOf<Schema extends typeof created | typeof replaced>(
  engine: Engine,
  signal: AbortSignal,
  schema: Schema,
) {
  return {
    schema,
    limit: engine.uploads.limit,
    signal,
    early: async ({ app_id }: { readonly app_id?: string | undefined }) => {
      if (app_id !== undefined) await requireApp(engine, app_id);
    },
  };
}

/** Refuses the parameters of an app that is not the caller's. */
async function inApp<Fields extends { readonly app_id: string }>(engine: Engine, fields: Fields): Promise<Fields> {
  await requireApp(engine, fields.app_id);
  return fields;
}

/** A list's id as the path has it. Failure `not_found` for what cannot be one. */
function idOf(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new Failure("config", `There is no audience list "${text.slice(0, 64)}"`, {
    code: "not_found",
    hint: "Check its id, a number",
  });
}

function sampleOf(view: AudienceListView): AudienceListView {
  return { ...view, created_at: sampleTime(view.created_at), updated_at: sampleTime(view.updated_at) };
}
