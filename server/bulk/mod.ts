/**
 * `/v1`: the bulk APIs, called with an API key.
 *
 * How to add an endpoint: declare it in a file of this folder with `bulkRoute` (`bulk_route.ts`), and list it in
 * {@linkcode bulkRoutes}. It is then in the OpenAPI document and on `/docs`, and before its handler is called:
 *
 * - the API key was checked (401), so `engine` is that of its account;
 * - the request was counted against `bucket`, a name in `core/engine/rate_limits.ts` (429); null counts nothing;
 * - the query and a JSON body were checked against their schemas (400).
 *
 * A slash at the end of its path, declared or not, makes no difference. The handler looks for the caller's app with
 * `requireApp`, for its organization with `requireOrg` (`scope.ts`, 403), throws a `Failure`, which becomes
 * `{"error","message"}` with the failure's status, and answers with the forms in `answers.ts`. HEAD comes with GET; a
 * method that the path lacks is answered 405, which names the path below it that has it.
 *
 * One that takes a file declares `content: ["multipart/form-data"]` and reads it with `takeForm` (`upload.ts`), which
 * streams the file into `engine.uploads.form`: that queues a run of a job type, whose `file` it is, and `queued` answers
 * with its `activityOf`; `findActivity` finds the run again for its status.
 *
 * @module
 */
import type { Route } from "../route.ts";
import { audienceImportRoutes } from "./audience_import.ts";
import { exportRoutes } from "./exports.ts";
import { profileImportRoutes } from "./profile_import.ts";
import { rawLogRoutes } from "./raw_logs.ts";

/** The routes of the bulk APIs. */
export const bulkRoutes: readonly Route[] = [
  ...profileImportRoutes,
  ...audienceImportRoutes,
  ...exportRoutes,
  ...rawLogRoutes,
];
