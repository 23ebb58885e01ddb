/**
 * `/v1/imports/profiles`: files of operations on profiles' attributes.
 *
 * @module
 */
import { z } from "zod";
import { Failure } from "../../core/contracts/failure.ts";
import type { Engine } from "../../core/engine/runtime.ts";
import type { RunView } from "../../core/engine/views.ts";
import type { Route } from "../route.ts";
import { ACTIVITY_STATUS, activityOf, type ActivityStatus, findActivity, queued } from "./activity.ts";
import { bare } from "./answers.ts";
import { bulkRoute } from "./bulk_route.ts";
import { requireApp, requireOrg } from "./scope.ts";
import { takeForm } from "./upload.ts";

/** The job type that does it. */
const PROFILE_IMPORT = "profile-import";

/** Seconds that a link to the rejected rows is good. */
const LINK_SECONDS = 48 * 3_600;

const form = z.strictObject({
  app_id: z.string().min(1).exactOptional().describe("The app whose profiles are changed"),
  org_id: z.string().min(1).exactOptional().describe("The organization, for the account's own profiles"),
  format: z.enum(["json", "csv"], "must be json or csv").describe("What the file holds"),
});

/** Whose profiles an import changes. */
type Scope = { readonly org_id: number } | { readonly app_id: string };

/** How an import stands. */
interface Status {
  readonly status: ActivityStatus;
  readonly error_log: string | null;
  readonly target: Scope;
  readonly scopet: Scope;
  readonly upload_statistics: Readonly<Record<typeof STATISTICS[number], number>>;
}

const STATISTICS = [
  "successful_imports",
  "parsed_imports",
  "failed_imports",
  "total_number_of_imports",
] as const;

const scope = z.union([z.object({ org_id: z.int() }), z.object({ app_id: z.string() })]);

const status: z.ZodType<Status> = z.object({
  status: z.enum(["Pending", "Running", "Completed", "Failed"]),
  error_log: z.string().nullable()
    .describe(
      "Link to the rows that failed, JSON lines with line, reason and text; null without any, and until the end",
    ),
  target: scope.describe("Whose profiles are changed"),
  scopet: scope.describe("The same"),
  upload_statistics: z.record(z.enum(STATISTICS), z.int()).describe("Rows so far"),
}).meta({ id: "ProfileImportStatus" });

/** The routes of profile imports. */
export const profileImportRoutes: readonly Route[] = [
  bulkRoute({
    method: "post",
    path: "/v1/imports/profiles/upload",
    name: "uploadProfileImport",
    bucket: "profile-import",
    summary: "Change profiles as a file says",
    description:
      "A form with `app_id` or `org_id`, `format` (`json` or `csv`) and `file`. The file is stored durably " +
      "before the answer; a run does the work.",
    content: ["multipart/form-data"],
    failures: [403, 503],
    answer: queued,
    handle: async ({ engine, content, signal }) =>
      activityOf(
        await takeForm(content, {
          schema: form,
          limit: engine.uploads.limit,
          signal,
          early: (fields) => requireScope(engine, fields),
          store: ({ content, fields }) =>
            engine.uploads.form({
              type: PROFILE_IMPORT,
              content,
              config: async () => {
                const { format, app_id, org_id } = await fields();
                if (app_id === undefined && org_id === undefined) {
                  throw new Failure("config", 'Parameters "app_id" and "org_id" are missing: one of them says whose', {
                    hint: "Give `-F org_id=ID` for the account's profiles, `-F app_id=ID` for an app's",
                  });
                }
                await requireScope(engine, { app_id, org_id });
                return { format, ...(app_id === undefined ? {} : { app: app_id }) };
              },
            }),
        }),
      ),
  }),
  bulkRoute({
    method: "get",
    path: "/v1/imports/profiles/status/{activity_id}",
    name: "getProfileImportStatus",
    bucket: "profile-import-status",
    summary: "Tell how an import stands",
    params: { activity_id: "What the upload was answered with" },
    failures: [404],
    answer: bare(status, "How it stands"),
    handle: async ({ engine, params, origin, signal }): Promise<Status> => {
      const run = await findActivity(engine, params.activity_id, PROFILE_IMPORT);
      const target = await scopeOf(engine, run);
      return {
        status: ACTIVITY_STATUS[run.status],
        error_log: await errorLog(engine, run, origin, signal),
        target,
        scopet: target,
        upload_statistics: {
          successful_imports: run.accepted,
          parsed_imports: run.accepted + run.refused + run.misfits,
          failed_imports: run.rejected + run.refused,
          total_number_of_imports: run.read,
        },
      };
    },
  }),
];

/** Refuses both scopes at once, and one that is not the caller's. */
async function requireScope(
  engine: Engine,
  { app_id, org_id }: { readonly app_id?: string | undefined; readonly org_id?: string | undefined },
): Promise<void> {
  if (app_id !== undefined && org_id !== undefined) {
    throw new Failure("config", 'Parameters "app_id" and "org_id" are both given: an import has one scope', {
      hint: "Leave one of them out",
    });
  }
  if (app_id !== undefined) await requireApp(engine, app_id);
  if (org_id !== undefined) await requireOrg(engine, org_id);
}

async function scopeOf({ account }: Engine, { config }: RunView): Promise<Scope> {
  const { app } = config;
  return typeof app === "string" ? { app_id: app } : { org_id: (await account.get()).org_id };
}

/** A link to what failed, once nothing more can; the same one as long as it is good. */
async function errorLog(
  { artifacts }: Engine,
  { id, rejected, rejected_erased, finished_at }: RunView,
  origin: string,
  signal: AbortSignal,
): Promise<string | null> {
  if (finished_at === null || rejected === rejected_erased) return null;
  const { url } = await artifacts.linkRejects(id, { expires_in: LINK_SECONDS, again: true, origin, signal });
  return url;
}
