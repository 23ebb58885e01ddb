/**
 * The HTTP app: every route over one runtime.
 *
 * @module
 */
import { Hono } from "hono";
import type { Log } from "../core/contracts/log.ts";
import type { Runtime } from "../core/engine/runtime.ts";
import { accountRoutes } from "./api/account.ts";
import { artifactRoutes } from "./api/artifact.ts";
import { audienceRoutes } from "./api/audience.ts";
import { auditRoutes } from "./api/audit.ts";
import { authRoutes } from "./api/auth.ts";
import { entityRoutes } from "./api/entity.ts";
import { jobRoutes } from "./api/job.ts";
import { jobTypeRoutes } from "./api/job_type.ts";
import { erasureRoutes } from "./api/erasure.ts";
import { mappingRoutes } from "./api/mapping.ts";
import { profileRoutes } from "./api/profile.ts";
import { providerRoutes } from "./api/provider.ts";
import { runRoutes } from "./api/run.ts";
import { streamRoutes } from "./api/stream.ts";
import { tableRoutes } from "./api/table.ts";
import { tokenRoutes } from "./api/token.ts";
import { uploadRoutes } from "./api/upload.ts";
import { authenticate, type ServerEnv } from "./auth_middleware.ts";
import { docsRoutes } from "./docs.ts";
import { errorResponse, RequestFailure } from "./errors.ts";
import { fileRoutes } from "./files.ts";
import { healthRoutes } from "./health.ts";
import { mount } from "./mount.ts";
import { logRequests } from "./request_log.ts";
import type { Route } from "./route.ts";
import { secureHeaders } from "./security_headers.ts";

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
  fetch(request: Request): Response | Promise<Response>;
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
    ...jobTypeRoutes(runtime.registry),
    ...jobRoutes,
    ...runRoutes,
    ...artifactRoutes,
    ...streamRoutes,
    ...uploadRoutes(runtime.registry),
    ...mappingRoutes,
    ...tableRoutes,
    ...profileRoutes,
    ...audienceRoutes,
    ...entityRoutes,
    ...erasureRoutes,
    ...fileRoutes(runtime.openLink),
    ...healthRoutes(ready),
  ];
  const routes = [...resources, ...docsRoutes(resources, runtime.registry)];
  const app = new Hono<ServerEnv>();
  app.use(logRequests(log), secureHeaders());
  app.use("/api/*", authenticate(runtime));
  app.route("/", mount(routes, { as: runtime.as, stopping }));
  app.notFound((context) => {
    const failure = new RequestFailure(404, "There is nothing at this path", { hint: "See /docs for what there is" });
    return errorResponse(failure, context.var.requestId, log);
  });
  app.onError((error, context) => errorResponse(error, context.var.requestId, log));
  return { fetch: (request) => app.fetch(request), routes };
}
