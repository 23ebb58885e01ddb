/**
 * The HTTP app: every route over one runtime.
 *
 * @module
 */
import type { Log } from "../core/contracts/log.ts";
import type { Runtime } from "../core/engine/runtime.ts";
import { apiKeyRoutes } from "./api/apikey.ts";
import { appRoutes } from "./api/app.ts";
import { accountRoutes } from "./api/account.ts";
import { artifactRoutes } from "./api/artifact.ts";
import { audienceRoutes } from "./api/audience.ts";
import { auditRoutes } from "./api/audit.ts";
import { authRoutes } from "./api/auth.ts";
import { entityRoutes } from "./api/entity.ts";
import { enabledExportRoutes } from "./api/enabled_export.ts";
import { jobRoutes } from "./api/job.ts";
import { jobTypeRoutes } from "./api/job_type.ts";
import { erasureRoutes } from "./api/erasure.ts";
import { exportRoutes } from "./api/export.ts";
import { mappingRoutes } from "./api/mapping.ts";
import { profileRoutes } from "./api/profile.ts";
import { providerRoutes } from "./api/provider.ts";
import { runRoutes } from "./api/run.ts";
import { sftpRoutes } from "./api/sftp.ts";
import { streamRoutes } from "./api/stream.ts";
import { tableRoutes } from "./api/table.ts";
import { tokenRoutes } from "./api/token.ts";
import { uploadRoutes } from "./api/upload.ts";
import { bulkRoutes } from "./bulk/mod.ts";
import { mountBulk } from "./bulk/mount.ts";
import { docsRoutes } from "./docs.ts";
import { errorResponse } from "./errors.ts";
import { fileRoutes } from "./files.ts";
import { healthRoutes } from "./health.ts";
import { mount } from "./mount.ts";
import { logRequest } from "./request_log.ts";
import type { Route } from "./route.ts";
import { targetOf } from "./route_table.ts";
import { secure } from "./security_headers.ts";

/** What an app needs beside the runtime. */
export interface AppOptions {
  /** Where requests and bugs are written. */
  readonly log: Log;
  /** Ends the work of requests that outlive the server. */
  readonly stopping: AbortSignal;
  /** Throws a Failure `transient` that says why the server cannot work now. */
  ready(): Promise<void>;
}

/** An app and the routes that it is made of. */
export interface App {
  /** Answers a request. */
  fetch(request: Request): Promise<Response>;
  readonly routes: readonly Route[];
}

/** Composes the app. */
export function createApp(runtime: Runtime, { log, stopping, ready }: AppOptions): App {
  const resources = [
    ...providerRoutes(runtime.registry),
    ...authRoutes(runtime.registry),
    ...tokenRoutes,
    ...accountRoutes,
    ...auditRoutes,
    ...exportRoutes,
    ...jobTypeRoutes(runtime.registry),
    ...jobRoutes,
    ...runRoutes,
    ...artifactRoutes,
    ...sftpRoutes,
    ...streamRoutes,
    ...uploadRoutes(runtime.registry),
    ...mappingRoutes,
    ...tableRoutes,
    ...profileRoutes,
    ...audienceRoutes,
    ...entityRoutes,
    ...erasureRoutes,
    ...appRoutes,
    ...apiKeyRoutes,
    ...enabledExportRoutes,
    ...fileRoutes(runtime.openLink),
    ...healthRoutes(ready),
  ];
  const described = [...resources, ...bulkRoutes], own = [...resources, ...docsRoutes(described, runtime.registry)];
  const { verifyToken, verifyApiKey, admit, as } = runtime;
  const handle = mount(own, { verifyToken, as, stopping });
  const handleBulk = mountBulk(bulkRoutes, { verifyApiKey, admit, as, stopping, log });
  const fetch = async (request: Request): Promise<Response> => {
    const id = crypto.randomUUID(), since = performance.now(), target = targetOf(request.url);
    const isBulk = target.parts[0] === "v1";
    let response: Response;
    try {
      response = await (isBulk ? handleBulk(request, target, id) : handle(request, target));
    } catch (error) {
      if (isBulk) throw error;
      response = errorResponse(error, id, log);
    }
    secure(response.headers, { personal: isBulk || target.parts[0] === "api" });
    response.headers.set("x-request-id", id);
    logRequest(log, { id, method: request.method, target, status: response.status, since });
    return request.method === "HEAD" ? await withoutBody(response) : response;
  };
  return { fetch, routes: [...own, ...bulkRoutes] };
}

/** The answer to HEAD: what GET would get, but for the body. What is being read for it has to be let go of. */
async function withoutBody(response: Response): Promise<Response> {
  await response.body?.cancel();
  return new Response(null, response);
}
