/**
 * `/api/job/type`: what the loaded plugins can do, and questions about a job that is not saved yet.
 *
 * @module
 */
import { z } from "zod";
import { describeJobType } from "../../core/engine/declarations.ts";
import type { Registry } from "../../core/engine/registry.ts";
import { one, page } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { jobType } from "./descriptions.ts";
import { authReference, configInput, pageLimit } from "./inputs.ts";
import { choice, plan } from "./schemas.ts";

const typeParam = { type: "Id of the job type" };

const draft = {
  auth: authReference.exactOptional(),
  config: configInput.default({}).describe("What is configured so far"),
};

/** The routes of job types. */
export function jobTypeRoutes(registry: Registry): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/job/type",
      name: "listJobTypes",
      capability: "provider.read",
      tag: "job",
      summary: "List job types",
      answer: one(z.array(jobType), "The job types"),
      handle: () => registry.jobs.map(describeJobType),
    }),
    defineRoute({
      method: "get",
      path: "/api/job/type/{type}",
      name: "getJobType",
      capability: "provider.read",
      tag: "job",
      summary: "Show a job type, with its fields and the JSON Schema of its config",
      params: typeParam,
      answer: one(jobType),
      handle: ({ params }) => describeJobType(registry.job(params.type)),
    }),
    defineRoute({
      method: "post",
      path: "/api/job/type/{type}/choices/{field}",
      name: "listChoices",
      capability: "job.write",
      tag: "job",
      summary: "List the values that a field may take, as the other side has them now",
      params: { ...typeParam, field: "Key of the field" },
      body: z.strictObject({
        ...draft,
        query: z.string().exactOptional().describe("Only values or titles that hold this, whatever the case"),
        cursor: z.string().min(1).exactOptional().describe("`next` of the page before"),
        limit: pageLimit.exactOptional(),
      }),
      failures: [422, 503],
      answer: page(choice),
      handle: ({ engine, params, body: { auth, config, ...options }, signal }) =>
        engine.jobs.choices({ type: params.type, config, ...(auth === undefined ? {} : { auth }) }, params.field, {
          ...options,
          signal,
        }),
    }),
    defineRoute({
      method: "post",
      path: "/api/job/type/{type}/plan",
      name: "planJobType",
      capability: "job.write",
      tag: "job",
      summary: "Tell what a run would do; changes nothing",
      params: typeParam,
      body: z.strictObject(draft),
      failures: [422, 503],
      answer: one(plan, "What it would do"),
      handle: ({ engine, params, body, signal }) => engine.jobs.plan({ type: params.type, ...body }, { signal }),
    }),
  ];
}
