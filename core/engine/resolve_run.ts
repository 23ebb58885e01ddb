/**
 * From what somebody asked for to a checked job type, auth and configuration.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { JobDefinition } from "../contracts/job.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Executor } from "../database/database.ts";
import type { JobsTable, RunsTable } from "../database/tables.ts";
import { parseConfig, readConfig } from "../describe/mod.ts";
import type { EngineContext } from "./context.ts";
import type { Scoped } from "./capabilities.ts";
import { type Access, requireDirection } from "./directions.ts";
import { openSource } from "./exports/open_source.ts";
import { openLogs } from "./raw_logs/open_logs.ts";
import { personalOf, readerOf } from "./exports/reader.ts";
import { nameInCommand } from "./label.ts";
import { mailServer } from "./mail/smtp_url.ts";
import { type Registry, unknownName } from "./registry.ts";
import type { ConfigInput, JobInput, SavedJobInput } from "./runtime.ts";
import { type AuthRow, findAuth } from "./saved_auths.ts";
import { jobSchema, ON_ARRIVAL, pluginConfig } from "./schedule/fields.ts";
import { makeStandardAuth } from "./standard_auth.ts";
import { goneNotes, knownKeys } from "./stored_config.ts";

/** A run that may be queued as it is. */
export interface ResolvedRun {
  /** The saved job, or null. */
  readonly jobId: string | null;
  readonly jobType: string;
  /** Null for an export that keeps its file for whoever gets a link to it. */
  readonly authId: string | null;
  /** Checked, in the form in which it is stored: plain JSON, without defaults; `parseConfig` makes it whole again. */
  readonly config: { readonly [key: string]: JsonValue };
  /** Whether its export may hold personal fields. */
  readonly personal: RunsTable["personal"];
  /** What the user should know of it, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Checks what a run is to do: a saved job, with config over its own, or a job type with auth and config. Failure
 * `config` where anything is unknown, does not fit, or does not parse, and for a paused job.
 */
export async function resolveRun(
  context: EngineContext,
  run: JobInput | { readonly job: string; readonly config?: ConfigInput },
): Promise<ResolvedRun> {
  const executor = context.database.kysely;
  if (!("job" in run)) {
    const { job, auth, config } = await resolveTyped(context, executor, run);
    const personal = personalOf(context.actor);
    return { jobId: null, jobType: job.id, authId: auth?.id ?? null, config, personal, notes: [] };
  }
  const row = await findJob(executor, context.accountId, run.job);
  refusePaused(row, "");
  const { input, notes } = savedInput(context, row, run);
  // Whoever only starts a job exports what it was made for; whoever changes what it does, what both may see.
  const personal = run.config === undefined ? row.personal : Math.min(row.personal, personalOf(context.actor));
  const { job, auth, config } = await resolveInput(
    context,
    executor,
    input,
    personal === row.personal ? readerOf(row) : undefined,
  );
  return { jobId: row.id, jobType: job.id, authId: auth.id, config, personal, notes };
}

/** Refuses to start a run of a paused job (`conflict`); `then` is what to do after it is resumed. */
export function refusePaused(job: JobsTable, then: string): void {
  if (job.status !== "paused") return;
  refuseWithoutAuth(job);
  throw new Failure("config", `Job "${job.label}" is paused`, {
    code: "conflict",
    hint: `Resume it: \`waybill job resume ${nameInCommand(job)}\`${then}`,
  });
}

/** Refuses to go on with a job whose auth was deleted (`conflict`): which other one it is to use is not for us to say. */
export function refuseWithoutAuth(job: JobsTable): void {
  if (job.auth_id !== null) return;
  throw new Failure("config", `The auth of job "${job.label}" was deleted`, {
    code: "conflict",
    hint: `Give it another: \`waybill job update ${nameInCommand(job)} --auth LABEL\``,
  });
}

/**
 * A saved job as the input it was made from, with what is given over its own; `notes` tell of keys that its type has no
 * more, which are left out. Failure `conflict` where its auth is gone and no other is given.
 */
export function savedInput(
  { registry }: Pick<EngineContext, "registry">,
  row: JobsTable,
  over: Omit<SavedJobInput, "job"> = {},
): { readonly input: JobInput; readonly notes: readonly string[] } {
  const job = registry.job(row.type);
  const { config, gone } = knownKeys(jobSchema(job), JSON.parse(row.config));
  if (over.auth === undefined) refuseWithoutAuth(row);
  const auth = over.auth ?? row.auth_id;
  const input = { type: row.type, config: { ...config, ...over.config }, ...(auth === null ? {} : { auth }) };
  return { input, notes: goneNotes(gone, `job type "${job.id}"`) };
}

/** A run's config with another reject threshold, as JSON. Failure `config` for a wrong one, or a job type without. */
export function withThreshold(registry: Registry, run: RunsTable, reject_threshold: string): string {
  const job = registry.job(run.job_type);
  const what = `job type "${job.id}"`;
  const schema = jobSchema(job);
  const { config } = knownKeys(schema, JSON.parse(run.config));
  const changed = readConfig(schema, { ...config, reject_threshold }, what);
  parseConfig(schema, changed, what);
  return JSON.stringify(changed);
}

/** What a job input names, checked. */
export interface ResolvedInput {
  readonly job: JobDefinition;
  readonly auth: AuthRow;
  /** In the form in which it is stored. */
  readonly config: { readonly [key: string]: JsonValue };
}

/** Checks type, auth and configuration; of an export also what it reads, in the right of who `saved` it. */
export async function resolveInput(
  context: EngineContext,
  executor: Executor,
  input: JobInput,
  saved?: Scoped,
): Promise<ResolvedInput> {
  const { job, config } = await readInput(context, input);
  const auth = await resolveAuth(context, executor, job, input.auth);
  checkOutput(job, config);
  checkArrivals(context, auth, config);
  await checkSource(context, executor, { job, config }, saved);
  // Where there is none, this says what to set.
  if (context.registry.auth(auth.method).auth.sendsMail) mailServer();
  return { job, auth, config };
}

/** The same of an input that no job is saved for: where it names no auth, one whose job type needs none goes without. */
export async function resolveTyped(
  context: EngineContext,
  executor: Executor,
  input: JobInput,
): Promise<Omit<ResolvedInput, "auth"> & { readonly auth: AuthRow | null }> {
  const job = context.registry.job(input.type);
  if (input.auth !== undefined || job.direction === "import" || job.resultFile === undefined) {
    return await resolveInput(context, executor, input);
  }
  const read = await readInput(context, input);
  await checkSource(context, executor, read);
  return { ...read, auth: null };
}

async function readInput(context: EngineContext, input: JobInput): Promise<Omit<ResolvedInput, "auth">> {
  const job = context.registry.job(input.type);
  requireDirection(context.actor, context.registry, job.id, "write");
  const what = `job type "${job.id}"`;
  const schema = jobSchema(job);
  const parsed = parseConfig(schema, input.config, what);
  await job.check?.(parsed);
  return { job, config: readConfig(schema, input.config, what) };
}

async function checkSource(
  { accountId: account, account: { settings }, actor }: EngineContext,
  executor: Executor,
  { job, config }: Omit<ResolvedInput, "auth">,
  saved?: Scoped,
): Promise<void> {
  if (job.direction === "import") return;
  const owner = { account, settings, reader: saved ?? actor, saved: saved !== undefined };
  const parsed = pluginParsed(job, config);
  if (job.reads === "logs") await openLogs(executor, owner, job.from(parsed));
  else await openSource(executor, owner, job.from(parsed));
}

/** A configuration as its plugin gets it. */
export function pluginParsed(job: JobDefinition, config: ResolvedInput["config"]): Record<string, unknown> {
  return parseConfig(job.config, pluginConfig(job, config), `job type "${job.id}"`);
}

/** Refuses standard output as the place of a file that goes where an auth leads. */
function checkOutput(job: JobDefinition, config: ResolvedInput["config"]): void {
  if (job.direction === "import" || job.resultFile === undefined || config[job.resultFile] !== "-") return;
  throw new Failure("config", `Option "${job.resultFile}" is "-": only a run without an auth has standard output`, {
    hint: "Give a path where the auth leads",
  });
}

/** Refuses to wait for files where nobody tells that one has come. */
function checkArrivals({ registry }: EngineContext, auth: AuthRow, config: ResolvedInput["config"]): void {
  if (config["frequency"] !== ON_ARRIVAL) return;
  if (registry.auth(auth.method).auth.managedLogin !== undefined) return;
  throw new Failure(
    "config",
    `Nobody tells when a file has come to auth "${auth.label}", so no job can run on arrival`,
    {
      hint: 'Choose another frequency, such as "15min", or use an account of Waybill\'s own server (managed-sftp)',
    },
  );
}

/**
 * The auth that is named, if the job type works with its method; without a name, the only one that fits. Where there is
 * none, that of a method that needs none to be saved is made. A job type that may go without (`resultFile`) takes none by
 * itself: who leaves the auth out there means this machine, not whichever server happens to be saved.
 */
export async function resolveAuth(
  context: EngineContext,
  executor: Executor,
  job: JobDefinition,
  auth: string | undefined,
): Promise<AuthRow> {
  const methods = job.auths.map(({ id }) => id);
  if (auth !== undefined) {
    const row = await findAuth(executor, context.accountId, auth);
    if (methods.includes(row.method)) return row;
    const fitting = context.registry.jobs.filter(({ auths }) => auths.some(({ id }) => id === row.method));
    throw new Failure("config", `Auth "${row.label}" does not fit job type "${job.id}"`, {
      hint: `"${job.id}" works with auth methods ${quoted(methods)}; ` +
        (fitting.length === 0
          ? `no job type works with "${row.method}"`
          : `"${row.method}" works with job types ${quoted(fitting.map(({ id }) => id))}`),
    });
  }
  if (job.direction === "export" && job.resultFile !== undefined) {
    throw new Failure("config", `A job of type "${job.id}" needs an auth that is named`, {
      hint: `Name one of method ${quoted(methods)}, which says where the file goes: \`auth: LABEL\``,
    });
  }
  const rows = await executor.selectFrom("auths").selectAll().where("account_id", "=", context.accountId)
    .where("method", "in", methods).orderBy("label").execute();
  const [only, ...others] = rows;
  const standard = job.auths.find(({ standard }) => standard);
  if (only === undefined && standard !== undefined) return await makeStandardAuth(context, executor, standard);
  if (only === undefined) {
    throw new Failure("config", `No saved auth fits job type "${job.id}"`, {
      hint: `Create one of method ${quoted(methods)}, and name it: \`auth: LABEL\``,
    });
  }
  if (others.length === 0) return only;
  throw new Failure("config", `Several auths fit job type "${job.id}": ${quoted(rows.map(({ label }) => label))}`, {
    hint: "Name one: `auth: LABEL`",
  });
}

/** The saved job with this id or label. Failure `config` (`not_found`). */
export async function findJob(executor: Executor, accountId: number, job: string): Promise<JobsTable> {
  const row = await executor.selectFrom("jobs").selectAll().where("account_id", "=", accountId)
    .where((where) => where.or([where("id", "=", job), where("label", "=", job)])).executeTakeFirst();
  if (row) return row;
  const others = await executor.selectFrom("jobs").select("label").where("account_id", "=", accountId)
    .orderBy("label").execute();
  throw unknownName("job", job, others.map(({ label }) => label));
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

/** Finds a saved job that the actor may do this with. */
export async function findAllowedJob(
  { accountId, actor, registry }: EngineContext,
  executor: Executor,
  job: string,
  access: Access,
): Promise<JobsTable> {
  const row = await findJob(executor, accountId, job);
  requireDirection(actor, registry, row.type, access);
  return row;
}
