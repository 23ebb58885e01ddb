/**
 * What the plugins declare, as CLI and HTTP tell of it: providers, auth methods and job types, with their fields and the
 * JSON Schema of every config.
 *
 * @module
 */
import type { AuthDefinition } from "../contracts/auth.ts";
import type { ConfigSchema } from "../contracts/config.ts";
import type { JobDefinition } from "../contracts/job.ts";
import type { ProviderDefinition } from "../contracts/provider.ts";
import type { JsonValue } from "../contracts/records.ts";
import { type Field, fieldsOf } from "../describe/fields.ts";
import { jsonSchemaOf } from "../describe/json_schema.ts";
import { listedSources } from "./exports/source_choices.ts";
import type { Registry } from "./registry.ts";
import { jobSchema } from "./schedule/fields.ts";

interface Named {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
}

interface Configured {
  readonly fields: readonly Field[];
  /** JSON Schema of the config. */
  readonly config_schema: { readonly [key: string]: JsonValue };
}

/** An auth method. */
export interface AuthMethodView extends Named, Configured {}

/** A job type. */
export interface JobTypeView extends Named, Configured {
  readonly provider_id: string;
  readonly direction: JobDefinition["direction"];
  /** Auth methods it works with. */
  readonly auth_methods: readonly string[];
  /** Fields with a live list of values, and the keys that must be configured first. */
  readonly choices: readonly { readonly field: string; readonly needs: readonly string[] }[];
}

/** A provider in a list. */
export interface ProviderSummary extends Named {
  readonly auth_methods: readonly string[];
  readonly job_types: readonly string[];
}

/** A provider with all that belongs to it. */
export interface ProviderView extends Named {
  readonly auth_methods: readonly AuthMethodView[];
  readonly job_types: readonly JobTypeView[];
}

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
    choices: [
      ...listedSources(job),
      ...Object.entries(job.choices ?? {}).map(([field, source]) => ({ field, needs: source?.needs ?? [] })),
    ],
    ...configOf(jobSchema(job)),
  };
}

function describeAuthMethod(auth: AuthDefinition): AuthMethodView {
  return { ...nameOf(auth), ...configOf(auth.config) };
}

function nameOf({ id, title, summary }: Named): Named {
  return { id, title, summary };
}

function configOf(schema: ConfigSchema): Configured {
  return { fields: fieldsOf(schema), config_schema: jsonSchemaOf(schema) };
}

function jobsOf(provider: ProviderDefinition, registry: Registry): readonly JobDefinition[] {
  return registry.jobs.filter((job) => job.provider.id === provider.id);
}
