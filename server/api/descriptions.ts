/**
 * Providers, auth methods and job types as the API tells of them: their fields and the JSON Schema of every config.
 *
 * @module
 */
import { z } from "zod";
import type { AuthDefinition } from "../../core/contracts/auth.ts";
import type { ConfigSchema } from "../../core/contracts/config.ts";
import type { JobDefinition } from "../../core/contracts/job.ts";
import type { ProviderDefinition } from "../../core/contracts/provider.ts";
import { type Field, fieldsOf } from "../../core/describe/fields.ts";
import { jsonSchemaOf } from "../../core/describe/json_schema.ts";
import type { Registry } from "../../core/engine/registry.ts";
import { jsonValue } from "./schemas.ts";

const field: z.ZodType<Field> = z.object({
  key: z.string().describe("The key in the config"),
  flag: z.string().describe("The CLI flag without its dashes"),
  title: z.string(),
  help: z.string(),
  type: z.enum(["string", "number", "integer", "boolean", "list", "enum"]),
  values: z.array(z.string()).readonly().exactOptional().describe("The values it may take"),
  required: z.boolean(),
  default: z.exactOptional(jsonValue),
  secret: z.boolean().describe("Write-only: never shown again"),
  multiline: z.boolean(),
  advanced: z.boolean(),
  placeholder: z.string().exactOptional(),
}).meta({ id: "Field" });

const described = {
  id: z.string(),
  title: z.string(),
  summary: z.string(),
};

const configured = {
  fields: z.array(field).readonly(),
  config_schema: z.record(z.string(), jsonValue).describe("JSON Schema of the config"),
};

/** An auth method. */
export type AuthMethodView = z.output<typeof authMethod>;
const authMethod = z.object({ ...described, ...configured }).meta({ id: "AuthMethod" });

/** A job type. */
export type JobTypeView = z.output<typeof jobTypeObject>;
const jobTypeObject = z.object({
  ...described,
  provider_id: z.string(),
  direction: z.enum(["import"]),
  auth_methods: z.array(z.string()).describe("Auth methods it works with"),
  choices: z.array(z.object({
    field: z.string(),
    needs: z.array(z.string()).readonly().describe("Keys that must be configured first"),
  })).describe("Fields with a live list of values"),
  ...configured,
}).meta({ id: "JobType" });

/** The schema of {@linkcode JobTypeView}. */
export const jobType: z.ZodType<JobTypeView> = jobTypeObject;

/** A provider in a list. */
export type ProviderSummary = z.output<typeof providerSummaryObject>;
const providerSummaryObject = z.object({
  ...described,
  auth_methods: z.array(z.string()),
  job_types: z.array(z.string()),
}).meta({ id: "ProviderSummary" });

/** The schema of {@linkcode ProviderSummary}. */
export const providerSummary: z.ZodType<ProviderSummary> = providerSummaryObject;

/** A provider with all that belongs to it. */
export type ProviderView = z.output<typeof providerObject>;
const providerObject = z.object({
  ...described,
  auth_methods: z.array(authMethod),
  job_types: z.array(jobTypeObject),
}).meta({ id: "Provider" });

/** The schema of {@linkcode ProviderView}. */
export const provider: z.ZodType<ProviderView> = providerObject;

/** Tells of a provider in a list. */
export function summarizeProvider(provider: ProviderDefinition, registry: Registry): ProviderSummary {
  return {
    ...nameOf(provider),
    auth_methods: provider.auths.map(({ id }) => id),
    job_types: jobsOf(provider, registry).map(({ id }) => id),
  };
}

/** Tells of a provider, its auth methods and its job types. */
export function describeProvider(provider: ProviderDefinition, registry: Registry): ProviderView {
  return {
    ...nameOf(provider),
    auth_methods: provider.auths.map(describeAuthMethod),
    job_types: jobsOf(provider, registry).map(describeJobType),
  };
}

/** Tells of a job type. */
export function describeJobType(job: JobDefinition): JobTypeView {
  return {
    ...nameOf(job),
    provider_id: job.provider.id,
    direction: job.direction,
    auth_methods: job.auths.map(({ id }) => id),
    choices: Object.entries(job.choices ?? {}).map(([field, source]) => ({ field, needs: source?.needs ?? [] })),
    ...configOf(job.config),
  };
}

function describeAuthMethod(auth: AuthDefinition): AuthMethodView {
  return { ...nameOf(auth), ...configOf(auth.config) };
}

function nameOf({ id, title, summary }: { readonly id: string; readonly title: string; readonly summary: string }) {
  return { id, title, summary };
}

function configOf(schema: ConfigSchema) {
  return { fields: fieldsOf(schema), config_schema: jsonSchemaOf(schema) };
}

function jobsOf(provider: ProviderDefinition, registry: Registry): readonly JobDefinition[] {
  return registry.jobs.filter((job) => job.provider.id === provider.id);
}
