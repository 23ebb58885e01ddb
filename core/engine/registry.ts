/**
 * What the loaded plugins bring, by id.
 *
 * @module
 */
import type { AuthDefinition } from "../contracts/auth.ts";
import { Failure } from "../contracts/failure.ts";
import type { JobDefinition } from "../contracts/job.ts";
import type { PluginDefinition } from "../contracts/plugin.ts";
import type { ProviderDefinition } from "../contracts/provider.ts";
import { nearest } from "../describe/mod.ts";
import { pluginProblems } from "./plugin_rules.ts";

/** What the loaded plugins bring. Look-ups of unknown ids are a Failure `config` that names the near ones. */
export interface Registry {
  readonly plugins: readonly PluginDefinition[];
  readonly providers: readonly ProviderDefinition[];
  readonly jobs: readonly JobDefinition[];
  provider(id: string): ProviderDefinition;
  auth(id: string): ProvidedAuth;
  job(id: string): JobDefinition;
}

/** An auth method and the provider it belongs to. */
export interface ProvidedAuth {
  readonly provider: ProviderDefinition;
  readonly auth: AuthDefinition;
}

/**
 * Makes the registry. Failure `config` that names the plugin and what is wrong with it: another version of the
 * contract, an id that is taken or no kebab-case, a job with an auth method that no plugin brings, choices
 * for a key that is not configured.
 *
 * @param moduleOf The module that a plugin came from, where it is to be named.
 */
export function buildRegistry(
  plugins: readonly PluginDefinition[],
  moduleOf: (plugin: PluginDefinition) => string | undefined = () => undefined,
): Registry {
  const providers = new Map<string, ProviderDefinition>();
  const auths = new Map<string, ProvidedAuth>();
  const jobs = new Map<string, JobDefinition>();
  const formats = new Map<string, JobDefinition>();
  const types = new Map<string, JobDefinition>();
  const names = new Map<string, PluginDefinition>();
  const owners = new Map<string, PluginDefinition>();
  const called = (plugin: PluginDefinition) => {
    const module = moduleOf(plugin);
    return module === undefined ? `"${plugin.name}"` : `"${plugin.name}" of "${module}"`;
  };
  const refuse = (plugin: PluginDefinition, problems: readonly string[]) => {
    if (problems.length === 0) return;
    throw new Failure("config", `Plugin ${called(plugin)} cannot be used: ${problems.join("; ")}`, {
      hint: "Correct the plugin, or leave it out",
    });
  };
  for (const plugin of plugins) {
    const problems = pluginProblems(plugin);
    const add = <T>(kind: string, map: Map<string, T>, id: string, value: T) => {
      const owner = owners.get(`${kind} ${id}`);
      if (owner !== undefined) problems.push(`${kind} "${id}" is already brought by plugin ${called(owner)}`);
      owners.set(`${kind} ${id}`, plugin);
      map.set(id, value);
    };
    const namesake = names.get(plugin.name);
    if (namesake !== undefined) problems.push(`another plugin has the same name: ${called(namesake)}`);
    names.set(plugin.name, plugin);
    for (const provider of plugin.providers ?? []) {
      add("provider", providers, provider.id, provider);
      for (const auth of provider.auths) add("auth method", auths, auth.id, { provider, auth });
    }
    for (const job of plugin.jobs ?? []) {
      add("job type", jobs, job.id, job);
      if (job.upload === undefined) continue;
      add("upload format", formats, job.upload.format, job);
      for (const type of job.upload.contentTypes) add("content type", types, type, job);
    }
    refuse(plugin, problems);
  }
  // A job may belong to a provider of a plugin further down.
  for (const plugin of plugins) {
    refuse(plugin, (plugin.jobs ?? []).flatMap((job) => relationProblems(job, providers, auths)));
  }
  return {
    plugins,
    providers: [...providers.values()],
    jobs: [...jobs.values()],
    provider: (id) => lookUp("provider", providers, id),
    auth: (id) => lookUp("auth method", auths, id),
    job: (id) => lookUp("job type", jobs, id),
  };
}

function relationProblems(
  job: JobDefinition,
  providers: ReadonlyMap<string, ProviderDefinition>,
  auths: ReadonlyMap<string, ProvidedAuth>,
): string[] {
  if (!providers.has(job.provider.id)) {
    return [`job type "${job.id}" belongs to provider "${job.provider.id}", which no plugin brings`];
  }
  // Of whatever provider: a job of one system may read the files of another.
  return job.auths.filter(({ id }) => !auths.has(id))
    .map(({ id }) => `job type "${job.id}" works with auth method "${id}", which no plugin brings`);
}

function lookUp<T>(kind: string, map: ReadonlyMap<string, T>, id: string): T {
  const found = map.get(id);
  if (found !== undefined) return found;
  throw unknownName(kind, id, [...map.keys()]);
}

/** The Failure `config` (`not_found`) of a name that is not known, with the one that was probably meant. */
export function unknownName(kind: string, name: string, known: readonly string[]): Failure {
  const near = nearest(name, known);
  const list = known.slice(0, 20).map((id) => `"${id}"`).join(", ");
  const hint = near !== undefined
    ? `Did you mean "${near}"?`
    : known.length > 0
    ? `There are ${list}${known.length > 20 ? " and others" : ""}`
    : `There is no ${kind} yet`;
  return new Failure("config", `There is no ${kind} "${name}"`, { code: "not_found", hint });
}
