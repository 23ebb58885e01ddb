/**
 * `/api/run`: executions of jobs.
 *
 * @module
 */
import { z } from "zod";
import { Failure } from "../../core/contracts/failure.ts";
import type { JobInput, Runs } from "../../core/engine/runtime.ts";
import { made, one, page, streamed } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { authReference, configInput, force, pageCursor, pageLimit } from "./inputs.ts";
import { reject, run, runStatus } from "./schemas.ts";

const runId = { id: "Id of the run" };

const startBody = z.strictObject({
  job: z.string().min(1).exactOptional().describe("Id or label of a saved job"),
  type: z.string().min(1).exactOptional().describe("Or a job type, for a run without a saved job"),
  auth: authReference.exactOptional(),
  config: configInput.default({}).describe("With `job`: over the job's own"),
  force: force.exactOptional(),
});

/** The routes of runs. */
export const runRoutes: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/run",
    name: "listRuns",
    capability: "run.read",
    tag: "run",
    summary: "List runs, newest first",
    query: z.strictObject({
      status: z.exactOptional(runStatus),
      job: z.string().min(1).exactOptional().describe("Id or label of a saved job"),
      cursor: pageCursor.exactOptional(),
      limit: pageLimit.exactOptional(),
    }),
    failures: [404],
    answer: page(run),
    handle: ({ engine, query }) => engine.runs.list(query),
  }),
  defineRoute({
    method: "post",
    path: "/api/run",
    name: "startRun",
    capability: "run.write",
    tag: "run",
    summary: "Start a run of a saved job or of a job type",
    description: "The run is queued; follow it at the path in `Location`.",
    body: startBody,
    failures: [404, 409],
    answer: made(202, run, ({ id }) => `/api/run/${id}`),
    handle: ({ engine, body }) => engine.runs.start(whatToStart(body)),
  }),
  defineRoute({
    method: "get",
    path: "/api/run/{id}",
    name: "getRun",
    capability: "run.read",
    tag: "run",
    summary: "Show a run",
    params: runId,
    answer: one(run),
    handle: ({ engine, params }) => engine.runs.get(params.id),
  }),
  defineRoute({
    method: "post",
    path: "/api/run/{id}/stop",
    name: "stopRun",
    capability: "run.write",
    tag: "run",
    summary: "Ask a run to stop",
    description:
      "It begins no further commit; what it has committed stays. One that waits, or that no process works on, " +
      "ends at once.",
    params: runId,
    failures: [409],
    answer: one(run),
    handle: ({ engine, params }) => engine.runs.stop(params.id),
  }),
  defineRoute({
    method: "post",
    path: "/api/run/{id}/retry",
    name: "retryRun",
    capability: "run.write",
    tag: "run",
    summary: "Queue a failed or cancelled run again",
    description: "It goes on from its checkpoint, with its config: only the reject threshold may be another.",
    params: runId,
    body: z.strictObject({
      reject_threshold: z.string().min(1).exactOptional()
        .describe('From now on: a number of rows ("500") or a percentage ("2.5%"), over all that the run has read'),
    }),
    failures: [409],
    answer: made(202, run, ({ id }) => `/api/run/${id}`),
    handle: ({ engine, params, body }) => engine.runs.retry(params.id, body),
  }),
  defineRoute({
    method: "post",
    path: "/api/run/{id}/approve",
    name: "approveRun",
    capability: "run.write",
    tag: "run",
    summary: "Let a held run go on",
    description: "What it was held for is as it should be; it goes on from its checkpoint.",
    params: runId,
    failures: [409],
    answer: made(202, run, ({ id }) => `/api/run/${id}`),
    handle: ({ engine, params }) => engine.runs.approve(params.id),
  }),
  defineRoute({
    method: "get",
    path: "/api/run/{id}/rejects",
    name: "listRejects",
    capability: "run.read",
    tag: "run",
    summary: "List the rows that could not be read, in file order",
    params: runId,
    answer: streamed(reject),
    handle: ({ engine, params }) => engine.runs.rejects(params.id),
  }),
];

function whatToStart({ job, type, auth, config, force }: z.output<typeof startBody>): Parameters<Runs["start"]>[0] {
  const how = { config, ...(force === undefined ? {} : { force }) };
  if (job !== undefined && type === undefined && auth === undefined) return { job, ...how };
  if (type !== undefined && job === undefined) return { ...startOfType(type, auth, config), ...how };
  throw new Failure("config", 'The body must name either a "job" or a job "type" with its "auth"', {
    hint: "A saved job brings its own auth",
  });
}

function startOfType(type: string, auth: string | undefined, config: JobInput["config"]): JobInput {
  return auth === undefined ? { type, config } : { type, auth, config };
}
