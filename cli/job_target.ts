/**
 * What `run` and `job plan` are about: a job type with its flags, or a saved job with flags over its own.
 *
 * @module
 */
import { Failure } from "../core/contracts/failure.ts";
import type { JobDefinition } from "../core/contracts/job.ts";
import { nearest } from "../core/describe/nearest.ts";
import type { JobInput, SavedJobInput } from "../core/engine/runtime.ts";
import type { JobView } from "../core/engine/views.ts";
import type { App } from "./app.ts";
import type { Arguments } from "./args.ts";
import type { Declared } from "./command.ts";
import { RESULT_AUTH, unsetBy } from "./saved.ts";

/** A job type, or a saved job of it. */
export interface Target {
  readonly type: JobDefinition;
  readonly job: JobView | undefined;
  readonly declared: Declared;
}

/** The job type of this id, else the saved job of this id or label. Failure `config` (`not_found`) for neither. */
export async function findTarget(app: App, name: string): Promise<Target> {
  const registry = await app.registry();
  const type = registry.jobs.find(({ id }) => id === name);
  if (type !== undefined) return { type, job: undefined, declared: await jobFlags(app, type, false) };
  const job = await savedJob(app, name, registry.jobs.map(({ id }) => id));
  const jobType = registry.job(job.type);
  return { type: jobType, job, declared: await jobFlags(app, jobType, true) };
}

async function savedJob(app: App, name: string, types: readonly string[]): Promise<JobView> {
  const { jobs } = await app.runtime();
  try {
    return await jobs.get(name);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "not_found") throw error;
    const near = nearest(name, [...types, ...(await jobs.list()).map(({ label }) => label)]);
    throw new Failure("config", `There is no job type and no job "${name}"`, {
      code: "not_found",
      hint: near === undefined ? `The job types are ${types.join(", ")}` : `Did you mean "${near}"?`,
      cause: error,
    });
  }
}

/** The flags of a job type; of all of them without one. */
export async function jobFlags(app: App, type: JobDefinition | undefined, partial: boolean): Promise<Declared> {
  const [{ configFlags }, { jobSchema }] = await Promise.all([
    import("./config_flags.ts"),
    import("../core/engine/schedule/fields.ts"),
  ]);
  if (type !== undefined) {
    const flags = configFlags(jobSchema(type), { partial });
    if (type.direction === "export" && type.resultFile !== undefined && !partial) flags.push(RESULT_AUTH);
    const omits = [...type.direction === "export" ? ["force"] : [], ...partial ? [] : ["unset"]];
    return { flags, omits, ...(partial ? {} : { summary: type.summary }) };
  }
  const { jobs } = await app.registry();
  return { flags: jobs.flatMap((job) => configFlags(jobSchema(job))) };
}

/** Job types with their summaries, for the help. */
export async function jobTypes(app: App): Promise<readonly (readonly [string, string])[]> {
  return (await app.registry()).jobs.map(({ id, summary }) => [id, summary]);
}

/** The input that a target and the command line make: a saved job as it is, with the flags over it. */
export async function targetInput(
  app: App,
  { type, job }: Target,
  args: Arguments,
): Promise<JobInput | SavedJobInput> {
  const { configWithSecrets } = await import("./secrets.ts");
  const given = await configWithSecrets(app, args, type.config, { partial: job !== undefined });
  const config = { ...given, ...unsetBy(args) };
  const auth = args.value("auth");
  const over = { config, ...(auth === undefined ? {} : { auth }) };
  return job === undefined ? { type: type.id, ...over } : { job: job.id, ...over };
}
