/**
 * `/api/job`: configured jobs.
 *
 * @module
 */
import { z } from "zod";
import { made, nothing, one, page } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { authReference, configInput, force, pageCursor, pageLimit } from "./inputs.ts";
import { job, jobFile, plan, run } from "./schemas.ts";

const jobParam = { id: "Id or label of the job" };
const label = z.string().min(1).describe("Unique name for people");
const description = z.string().exactOptional();

/** The routes of jobs. */
export const jobRoutes: readonly Route[] = [...keeping(), ...using()];

/** Making, reading, changing and removing. */
function keeping(): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/job",
      name: "listJobs",
      capability: "job.read",
      tag: "job",
      summary: "List jobs",
      answer: one(z.array(job), "The jobs"),
      handle: ({ engine }) => engine.jobs.list(),
    }),
    defineRoute({
      method: "post",
      path: "/api/job",
      name: "createJob",
      capability: "job.write",
      tag: "job",
      summary: "Create a job",
      body: z.strictObject({
        type: z.string().min(1).describe("Id of the job type"),
        auth: authReference.exactOptional(),
        label,
        description,
        config: configInput.default({}).describe("See the job type for its fields"),
      }),
      failures: [404, 409],
      answer: made(201, job, ({ id }) => `/api/job/${id}`),
      handle: ({ engine, body }) => engine.jobs.create(body),
    }),
    defineRoute({
      method: "get",
      path: "/api/job/{id}",
      name: "getJob",
      capability: "job.read",
      tag: "job",
      summary: "Show a job",
      params: jobParam,
      answer: one(job),
      handle: ({ engine, params }) => engine.jobs.get(params.id),
    }),
    defineRoute({
      method: "put",
      path: "/api/job/{id}",
      name: "updateJob",
      capability: "job.write",
      tag: "job",
      summary: "Change a job",
      description: "What is left out stays as it is; a config key that is null goes back to its default.",
      params: jobParam,
      body: z.strictObject({
        label: label.exactOptional(),
        description,
        auth: authReference.exactOptional(),
        config: configInput.exactOptional(),
      }),
      failures: [409],
      answer: one(job),
      handle: ({ engine, params, body }) => engine.jobs.update(params.id, body),
    }),
    defineRoute({
      method: "delete",
      path: "/api/job/{id}",
      name: "deleteJob",
      capability: "job.write",
      tag: "job",
      summary: "Delete a job",
      description: "Refused while a run of it is queued or running.",
      params: jobParam,
      failures: [409],
      answer: nothing(),
      handle: ({ engine, params }) => engine.jobs.delete(params.id),
    }),
  ];
}

/** Planning, pausing, resuming and running. */
function using(): readonly Route[] {
  return [
    defineRoute({
      method: "post",
      path: "/api/job/{id}/plan",
      name: "planJob",
      capability: "job.write",
      tag: "job",
      summary: "Tell what a run of a job would do; changes nothing",
      params: jobParam,
      failures: [409, 422, 503],
      answer: one(plan, "What it would do"),
      handle: ({ engine, params, signal }) => engine.jobs.plan(params.id, { signal }),
    }),
    defineRoute({
      method: "get",
      path: "/api/job/{id}/file",
      name: "listJobFiles",
      capability: "run.read",
      tag: "job",
      summary: "List the files that a job has imported, the last first",
      params: jobParam,
      query: z.strictObject({ cursor: pageCursor.exactOptional(), limit: pageLimit.exactOptional() }),
      answer: page(jobFile),
      handle: ({ engine, params, query }) => engine.jobs.files(params.id, query),
    }),
    defineRoute({
      method: "post",
      path: "/api/job/{id}/pause",
      name: "pauseJob",
      capability: "job.write",
      tag: "job",
      summary: "Pause a job: it starts no runs",
      description: "What has begun goes on to its end.",
      params: jobParam,
      answer: one(job),
      handle: ({ engine, params }) => engine.jobs.pause(params.id),
    }),
    defineRoute({
      method: "post",
      path: "/api/job/{id}/resume",
      name: "resumeJob",
      capability: "job.write",
      tag: "job",
      summary: "Let a paused job start runs again",
      description: "Refused while its auth is gone: give it another first.",
      params: jobParam,
      failures: [409],
      answer: one(job),
      handle: ({ engine, params }) => engine.jobs.resume(params.id),
    }),
    defineRoute({
      method: "post",
      path: "/api/job/{id}/run",
      name: "runJob",
      capability: "run.write",
      tag: "job",
      summary: "Start a run of a job",
      description: "The run is queued; follow it at the path in `Location`.",
      params: jobParam,
      body: z.strictObject({
        config: configInput.default({}).describe("Over the job's own, for this run"),
        force: force.exactOptional(),
      }),
      failures: [409],
      answer: made(202, run, ({ id }) => `/api/run/${id}`),
      handle: ({ engine, params, body }) => engine.runs.start({ job: params.id, ...body }),
    }),
  ];
}
