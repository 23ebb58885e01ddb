/**
 * The audiences and fields that an export may be configured with: the engine lists them for every export alike.
 *
 * @module
 */
import type { ExportJobDefinition } from "../../contracts/export_job.ts";
import { Failure } from "../../contracts/failure.ts";
import type { Choice, JobDefinition } from "../../contracts/job.ts";
import type { Executor } from "../../database/database.ts";
import { parsePartialConfig } from "../../describe/mod.ts";
import { readAudiences } from "../audience_cache.ts";
import { EVERYBODY } from "../audience_programs.ts";
import type { ConfigInput } from "../runtime.ts";
import { pluginConfig } from "../schedule/fields.ts";
import { openSource, type SourceOwner } from "./open_source.ts";

/** The keys of an export's configuration that the engine lists values for, with the keys that must be configured first. */
export function listedSources(job: JobDefinition): { readonly field: string; readonly needs: readonly string[] }[] {
  const { audience, fields } = sourcesOf(job);
  return [
    ...(audience === undefined ? [] : [{ field: audience, needs: [] }]),
    ...(fields === undefined ? [] : [{ field: fields, needs: audience === undefined ? [] : [audience] }]),
  ];
}

/** The values of such a key; undefined for any other. */
export function sourceChoices(
  executor: Executor,
  owner: SourceOwner,
  job: JobDefinition,
  field: string,
  input: ConfigInput,
): (() => AsyncIterable<Choice>) | undefined {
  const { audience: key, fields } = sourcesOf(job);
  if (field === key) return () => audiences(executor, owner);
  if (field !== fields) return undefined;
  const config = parsePartialConfig(job.config, pluginConfig(job, input), `job type "${job.id}"`);
  const audience: unknown = key === undefined ? EVERYBODY : config[key];
  if (typeof audience === "string") return () => fieldsOf(executor, owner, audience);
  throw new Failure("config", `The choices for "${field}" need "${key}"`, { hint: `Give "${key}" first` });
}

function sourcesOf(job: JobDefinition): NonNullable<ExportJobDefinition["sources"]> {
  return job.direction === "export" ? job.sources ?? {} : {};
}

async function* audiences(executor: Executor, { account }: SourceOwner): AsyncGenerator<Choice> {
  const { rows } = await readAudiences(executor, account);
  yield { value: EVERYBODY, title: "Every profile" };
  const sorted = rows.toSorted((a, b) => (a.slug < b.slug ? -1 : 1));
  yield* sorted.map(({ slug, name }) => ({ value: slug, title: name }));
}

async function* fieldsOf(executor: Executor, owner: SourceOwner, audience: string): AsyncGenerator<Choice> {
  const { columns } = await openSource(executor, owner, { audience });
  yield* columns.map(({ name, kind }) => ({ value: name, ...(kind === null ? {} : { title: kind }) }));
}
