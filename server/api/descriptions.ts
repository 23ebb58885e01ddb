/**
 * What the API tells of providers, auth methods and job types, as schemas.
 *
 * @module
 */
import { z } from "zod";
import type { Field } from "../../core/describe/fields.ts";
import type { AuthMethodView, JobTypeView, ProviderSummary, ProviderView } from "../../core/engine/declarations.ts";
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

const authMethod: z.ZodType<AuthMethodView> = z.object({ ...described, ...configured }).meta({ id: "AuthMethod" });

/** A job type. */
export const jobType: z.ZodType<JobTypeView> = z.object({
  ...described,
  provider_id: z.string(),
  direction: z.enum(["import", "export"]),
  auth_methods: z.array(z.string()).describe("Auth methods it works with"),
  choices: z.array(z.object({
    field: z.string(),
    needs: z.array(z.string()).readonly().describe("Keys that must be configured first"),
  })).describe("Fields with a live list of values"),
  ...configured,
}).meta({ id: "JobType" });

/** A provider in a list. */
export const providerSummary: z.ZodType<ProviderSummary> = z.object({
  ...described,
  auth_methods: z.array(z.string()),
  job_types: z.array(z.string()),
}).meta({ id: "ProviderSummary" });

/** A provider with all that belongs to it. */
export const provider: z.ZodType<ProviderView> = z.object({
  ...described,
  auth_methods: z.array(authMethod),
  job_types: z.array(jobType),
}).meta({ id: "Provider" });
