/**
 * `/api/job`: configured jobs.
 *
 * @module
 */
import { z } from "zod";
import type { Jobs, Runs } from "../../core/engine/runtime.ts";
import { made, nothing, one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { authReference, configInput } from "./inputs.ts";
import { job, plan, run } from "./schemas.ts";

const jobParam = { id: "Id or label of the job" };
const label = z.string().min(1).describe("Unique name for people");
const description = z.string().exactOptional();

/** The routes of jobs. */
export function jobRoutes(jobs: Jobs, runs: Runs): readonly Route[] {
  return [...keeping(jobs), ...using(jobs, runs)];
}

/** Making, reading, changing and removing. */
function keeping(jobs: Jobs): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/job",
      name: "listJobs",
      tag: "job",
      summary: "List jobs",
      answer: one(z.array(job), "The jobs"),
      handle: () => jobs.list(),
    }),
    defineRoute({
      method: "post",
      path: "/api/job",
      name: "createJob",
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
      handle: ({ body }) => jobs.create(body),
    }),
    defineRoute({
      method: "get",
      path: "/api/job/{id}",
      name: "getJob",
      tag: "job",
      summary: "Show a job",
      params: jobParam,
      answer: one(job),
      handle: ({ params }) => jobs.get(params.id),
    }),
    defineRoute({
      method: "put",
      path: "/api/job/{id}",
      name: "updateJob",
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
      handle: ({ params, body }) => jobs.update(params.id, body),
    }),
    defineRoute({
      method: "delete",
      path: "/api/job/{id}",
      name: "deleteJob",
      tag: "job",
      summary: "Delete a job",
      description: "Refused while a run of it is queued or running.",
      params: jobParam,
      failures: [409],
      answer: nothing(),
      handle: ({ params }) => jobs.delete(params.id),
    }),
  ];
}

/** Planning, pausing, resuming and running. */
function using(jobs: Jobs, runs: Runs): readonly Route[] {
  return [
    defineRoute({
      method: "post",
      path: "/api/job/{id}/plan",
      name: "planJob",
      tag: "job",
      summary: "Tell what a run of a job would do; changes nothing",
      params: jobParam,
      failures: [409, 422, 503],
      answer: one(plan, "What it would do"),
      handle: ({ params, signal }) => jobs.plan(params.id, { signal }),
    }),
    defineRoute({
      method: "post",
      path: "/api/job/{id}/pause",
      name: "pauseJob",
      tag: "job",
      summary: "Pause a job: it starts no runs",
      description: "What has begun goes on to its end.",
      params: jobParam,
      answer: one(job),
      handle: ({ params }) => jobs.pause(params.id),
    }),
    defineRoute({
      method: "post",
      path: "/api/job/{id}/resume",
      name: "resumeJob",
      tag: "job",
      summary: "Let a paused job start runs again",
      description: "Refused while its auth is gone: give it another first.",
      params: jobParam,
      failures: [409],
      answer: one(job),
      handle: ({ params }) => jobs.resume(params.id),
    }),
    defineRoute({
      method: "post",
      path: "/api/job/{id}/run",
      name: "runJob",
      tag: "job",
      summary: "Start a run of a job",
      description: "The run is queued; follow it at the path in `Location`.",
      params: jobParam,
      body: z.strictObject({ config: configInput.default({}).describe("Over the job's own, for this run") }),
      failures: [409],
      answer: made(202, run, ({ id }) => `/api/run/${id}`),
      handle: ({ params, body }) => runs.start({ job: params.id, config: body.config }),
    }),
  ];
}
