/**
 * Saved jobs, their plans and their live choices.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Choice, JobDefinition, Plan } from "../contracts/job.ts";
import type { FileLedger } from "../contracts/ledger.ts";
import type { Spool } from "../contracts/spool.ts";
import type { Executor } from "../database/database.ts";
import { isUniqueViolation } from "../database/unique_violation.ts";
import type { JobsTable } from "../database/tables.ts";
import { audit, type AuditEntry } from "./audit.ts";
import type { Scoped } from "./capabilities.ts";
import { changedNames } from "./changed_names.ts";
import { choicePage, choiceQuestion } from "./choices.ts";
import type { Connection, Connections } from "./connections.ts";
import type { EngineContext } from "./context.ts";
import { withDeadline } from "./deadline.ts";
import { type Access, listedTypes, requireDirection } from "./directions.ts";
import { planExport } from "./exports/plan_export.ts";
import { personalOf, readerOf } from "./exports/reader.ts";
import { noResultConnection } from "./exports/result_store.ts";
import { planLogs } from "./raw_logs/log_export.ts";
import { sourceChoices } from "./exports/source_choices.ts";
import { newId } from "./ids.ts";
import { ledgerName } from "./import_files.ts";
import { jobRows, jobView } from "./job_view.ts";
import { checkLabel, labelTaken } from "./label.ts";
import { queueRun } from "./queue_run.ts";
import { jobFiles, type JobFileView } from "./job_files.ts";
import { forgetJobFiles, ledgerOwner, readLedger } from "./ledger.ts";
import {
  findJob,
  pluginParsed,
  refuseWithoutAuth,
  resolveAuth,
  type ResolvedInput,
  resolveInput,
  resolveTyped,
  savedInput,
} from "./resolve_run.ts";
import type { Change, ChoiceOptions, JobInput, Jobs, SavedJobInput } from "./runtime.ts";
import { type AuthRow, openAuth } from "./saved_auths.ts";
import { isContinuous } from "./schedule/fields.ts";
import { reschedule, scheduleOf, unschedule } from "./schedule/schedule_state.ts";
import type { JobView, Page } from "./views.ts";
import { OPEN_STATUSES } from "./queue.ts";

/** How long plans and choices may take, connecting included, in milliseconds. */
const PATIENCE = 20_000;

/** Ends nothing. */
const NEVER = new AbortController().signal;

/** The jobs of the context's account. `connections` stays with whoever made it; plans and choices use `spool`. */
export function jobsOf(context: EngineContext, connections: Connections, spool: Spool): Jobs {
  return new SavedJobs(context, connections, spool);
}

class SavedJobs implements Jobs {
  readonly #context: EngineContext;
  readonly #connections: Connections;
  readonly #spool: Spool;

  constructor(context: EngineContext, connections: Connections, spool: Spool) {
    this.#context = context;
    this.#connections = connections;
    this.#spool = spool;
  }

  async create(input: JobInput & { readonly label: string; readonly description?: string }): Promise<JobView> {
    const { database, accountId } = this.#context;
    const label = this.#checkLabel(input.label);
    return await this.#writeLabelled(label, async (transaction) => {
      const { job, auth, config } = await resolveInput(this.#context, transaction, input);
      const now = await database.now();
      const row: JobsTable = {
        account_id: accountId,
        id: newId(),
        type: job.id,
        label,
        description: input.description ?? "",
        auth_id: auth.id,
        config: JSON.stringify(config),
        status: "active",
        personal: personalOf(this.#context.actor),
        revision: 1,
        created_at: now,
        updated_at: now,
      };
      await transaction.insertInto("jobs").values(row).execute();
      await this.#begin(transaction, row, config);
      await this.#audit(transaction, "create", row, { type: row.type });
      return row.id;
    });
  }

  async list(): Promise<JobView[]> {
    const { database, registry, accountId, actor } = this.#context;
    const now = await database.now();
    const types = listedTypes(actor, registry);
    const rows = await jobRows(database.kysely, accountId)
      .$if(types !== undefined, (query) => query.where("jobs.type", "in", types!)).orderBy("jobs.label").execute();
    return rows.map((row) => jobView(registry, row, now));
  }

  async get(job: string): Promise<JobView> {
    const { kysely } = this.#context.database;
    const { id } = await this.#find(kysely, job, "read");
    return await this.#view(kysely, id);
  }

  async update(job: string, change: Change & { readonly auth?: string }): Promise<JobView> {
    const label = change.label === undefined ? undefined : this.#checkLabel(change.label);
    return await this.#writeLabelled(label, async (transaction) => {
      const { database, accountId } = this.#context;
      const row = await this.#find(transaction, job, "write");
      // A job whose type is gone can still be renamed.
      const changed = change.config === undefined && change.auth === undefined ? {} : {
        ...stored(await resolveInput(this.#context, transaction, savedInput(this.#context, row, change).input)),
        personal: personalOf(this.#context.actor),
      };
      const now = await database.now();
      await transaction.updateTable("jobs").set({
        ...changed,
        revision: row.revision + 1,
        ...(label === undefined ? {} : { label }),
        ...(change.description === undefined ? {} : { description: change.description }),
        updated_at: now,
      }).where("account_id", "=", accountId).where("id", "=", row.id).execute();
      await this.#changed(transaction, row, { ...row, ...changed }, now);
      const { id, label: before } = row;
      await this.#audit(transaction, "update", { id, label: label ?? before }, { changed: changedNames(change) });
      return id;
    });
  }

  pause(job: string): Promise<JobView> {
    return this.#setStatus(job, "paused");
  }

  resume(job: string): Promise<JobView> {
    return this.#setStatus(job, "active");
  }

  async delete(job: string): Promise<void> {
    const { database, accountId } = this.#context;
    await database.write(async (transaction) => {
      const { id, label } = await this.#find(transaction, job, "write");
      const run = await transaction.selectFrom("runs").select(["id", "status"]).where("account_id", "=", accountId)
        .where("job_id", "=", id).where("status", "in", OPEN_STATUSES).executeTakeFirst();
      if (run) {
        throw new Failure("config", `Run "${run.id}" of job "${label}" is ${run.status}`, {
          code: "conflict",
          hint: `Wait for its end, or stop it: \`waybill run stop ${run.id}\``,
        });
      }
      await transaction.deleteFrom("jobs").where("account_id", "=", accountId).where("id", "=", id).execute();
      await unschedule(transaction, { account_id: accountId, id });
      await forgetJobFiles(transaction, accountId, id);
      await this.#audit(transaction, "delete", { id, label });
    });
  }

  async plan(
    what: string | JobInput | SavedJobInput,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Plan> {
    const { jobId, personal, input, notes } = await this.#inputOf(typeof what === "string" ? { job: what } : what);
    const reader = readerOf({ personal });
    const saved = jobId !== null && personalOf(this.#context.actor) === 1 ? reader : undefined;
    const { kysely } = this.#context.database;
    const resolved = jobId === null
      ? await resolveTyped(this.#context, kysely, input)
      : await resolveInput(this.#context, kysely, input, saved);
    const { job: definition, auth, config: stored } = resolved;
    if (definition.plan === undefined) {
      const nothing = "This job type cannot tell more without running";
      return { summary: definition.summary, facts: {}, notes: [...notes, nothing] };
    }
    const config = pluginParsed(definition, stored);
    const plan = await this.#planner(jobId, resolved, config, reader);
    const told = await this.#connected(`The plan of "${definition.id}"`, auth, options, plan);
    return { ...told, notes: [...notes, ...told.notes, ...this.#personalNotes(definition, personal, jobId)] };
  }

  /** Asks the plugin for its plan. */
  async #planner(
    jobId: string | null,
    resolved: Planned,
    config: ReturnType<typeof pluginParsed>,
    reader: Scoped,
  ): Promise<(given: Given) => Promise<Plan>> {
    const { job, auth, config: stored } = resolved;
    const { database, accountId } = this.#context;
    if (job.direction === "import") {
      const files = await this.#ledger(jobId, resolved, ledgerName(job.into(config)));
      const continuous = isContinuous(job, stored);
      return (given) => job.plan!({ config, continuous, files, ...given });
    }
    const owner = { account: accountId, reader };
    const of = { job_id: jobId, job_type: job.id, auth_id: auth?.id ?? null, config: JSON.stringify(stored) };
    const planned = { config, stored, owner, of: { account_id: accountId, ...of } };
    if (job.reads === "logs") return (given) => planLogs(database, job.plan!.bind(job), { job, ...planned, ...given });
    return (given) => planExport(database, job.plan!.bind(job), { job, ...planned, ...given });
  }

  /** What is to be known of personal fields: a plan shows what both who saved the job and who asks may see. */
  #personalNotes(job: JobDefinition, personal: number, jobId: string | null): string[] {
    const { account: { settings }, actor } = this.#context;
    if (job.direction === "import" || job.reads === "logs" || settings.pii_fields.length === 0 || personal === 1) {
      return [];
    }
    return [
      jobId !== null && personalOf(actor) === 1
        ? "Fields that the account calls personal are left out: whoever saved the job may not see them"
        : "Fields that the account calls personal are left out here, as you may not see them",
    ];
  }

  async files(job: string, options: { readonly cursor?: string; readonly limit?: number } = {}): Promise<
    Page<JobFileView>
  > {
    const { database: { kysely }, accountId } = this.#context;
    const { id } = await this.#find(kysely, job, "read");
    return await jobFiles(kysely, accountId, id, options);
  }

  async #find(executor: Executor, job: string, access: Access): Promise<JobsTable> {
    const { accountId, actor, registry } = this.#context;
    const row = await findJob(executor, accountId, job);
    requireDirection(actor, registry, row.type, access);
    return row;
  }

  /** What a run of this would find imported. */
  async #ledger(jobId: string | null, { job, auth }: Planned, stream: string): Promise<FileLedger> {
    const { database: { kysely }, accountId: account, vault } = this.#context;
    // An import has one.
    const owner = ledgerOwner({ job_id: jobId, auth_id: auth?.id ?? "", job_type: job.id }, stream);
    return readLedger(kysely, { account, owner, key: await vault.identityKey() }, false);
  }

  async #inputOf(
    what: JobInput | SavedJobInput,
  ): Promise<ReturnType<typeof savedInput> & { readonly jobId: string | null; readonly personal: number }> {
    const { database, actor } = this.#context;
    const personal = personalOf(actor);
    if (!("job" in what)) return { jobId: null, personal, input: what, notes: [] };
    const row = await this.#find(database.kysely, what.job, "read");
    return { jobId: row.id, personal: Math.min(row.personal, personal), ...savedInput(this.#context, row, what) };
  }

  async choices(input: JobInput, field: string, options: ChoiceOptions = {}): Promise<Page<Choice>> {
    const { database, registry, accountId, account, actor } = this.#context;
    const job = registry.job(input.type);
    requireDirection(actor, registry, job.id, "write");
    const owner = { account: accountId, settings: account.settings, reader: actor };
    const listed = sourceChoices(database.kysely, owner, job, field, input.config);
    if (listed !== undefined) {
      return await choicePage(`${job.id}/${field}`, listed, options, options.signal ?? NEVER);
    }
    const { source, config } = choiceQuestion(job, field, input.config);
    const auth = await resolveAuth(this.#context, database.kysely, job, input.auth);
    return await this.#connected(`The list of choices for "${field}"`, auth, options, async (given) => {
      const load = (query: string, after: string | undefined) => source.load({ config, query, after, ...given });
      return await choicePage(`${job.id}/${field}`, load, options, given.signal);
    });
  }

  /** Work over the auth's kept connection, within the time that plans and choices have; without one, over nothing. */
  async #connected<T>(
    what: string,
    auth: AuthRow | null,
    options: { readonly signal?: AbortSignal },
    work: (given: Given) => Promise<T>,
  ): Promise<T> {
    if (auth === null) {
      const given = { connection: noResultConnection(), log: this.#context.log, spool: this.#spool };
      return await withDeadline(what, PATIENCE, options.signal, (signal) => work({ ...given, signal }));
    }
    const { redactor } = await openAuth(this.#context, auth);
    const log = redactor.log(this.#context.log);
    return await withDeadline(
      what,
      PATIENCE,
      options.signal,
      (signal) =>
        this.#connections.use(
          auth,
          signal,
          (connection) => redactor.guard(() => work({ connection, signal, log, spool: this.#spool })),
          this.#context.actor,
        ),
    );
  }

  async #setStatus(job: string, status: JobsTable["status"]): Promise<JobView> {
    const { database, accountId } = this.#context;
    return await database.write(async (transaction) => {
      const row = await this.#find(transaction, job, "write");
      if (status === "active") refuseWithoutAuth(row);
      const { id } = row;
      if (status === row.status) return await this.#view(transaction, id);
      const now = await database.now();
      await transaction.updateTable("jobs").set({ status, updated_at: now })
        .where("account_id", "=", accountId).where("id", "=", id).execute();
      const changed = { ...row, status };
      await reschedule(transaction, changed, scheduleOf(this.#context.registry, changed), now);
      await this.#audit(transaction, status === "paused" ? "pause" : "resume", row);
      return await this.#view(transaction, id);
    });
  }

  /** A new job's schedule; where nobody chose when it runs, its first run is now. */
  async #begin(transaction: Executor, row: JobsTable, config: ResolvedInput["config"]): Promise<void> {
    const schedule = scheduleOf(this.#context.registry, row);
    const { account_id: account, id: job, type, auth_id: auth, personal, created_at: now } = row;
    const atOnce = schedule !== undefined && !schedule.timed;
    await reschedule(transaction, row, schedule, now, atOnce ? now : undefined);
    if (atOnce) {
      await queueRun(transaction, { account, job, type, auth, config, personal, notes: [], now, due: now });
    }
  }

  /** Begins a schedule anew where it was changed; else what is due stays due. */
  async #changed(transaction: Executor, before: JobsTable, row: JobsTable, now: number): Promise<void> {
    const { registry } = this.#context;
    const schedule = scheduleOf(registry, row);
    if (JSON.stringify(schedule) === JSON.stringify(scheduleOf(registry, before))) return;
    await reschedule(transaction, row, schedule, now);
  }

  #audit(
    transaction: Executor,
    action: string,
    { id, label }: Pick<JobsTable, "id" | "label">,
    detail: AuditEntry["detail"] = {},
  ): Promise<void> {
    return audit(transaction, this.#context, { action, kind: "job", id, label, detail });
  }

  #checkLabel(label: string): string {
    const checked = checkLabel(label);
    if (this.#context.registry.jobs.every(({ id }) => id !== checked)) return checked;
    throw new Failure("config", `The label "${checked}" is the id of a job type`, {
      hint: `Choose another, so that "run ${checked}" means one thing`,
    });
  }

  async #writeLabelled(label: string | undefined, work: (transaction: Executor) => Promise<string>): Promise<JobView> {
    try {
      return await this.#context.database.write(async (transaction) =>
        await this.#view(transaction, await work(transaction))
      );
    } catch (error) {
      throw isUniqueViolation(error) && label !== undefined ? labelTaken("job", label) : error;
    }
  }

  async #view(executor: Executor, id: string): Promise<JobView> {
    const { database, registry, accountId } = this.#context;
    const row = await jobRows(executor, accountId).where("jobs.id", "=", id).executeTakeFirstOrThrow();
    return jobView(registry, row, await database.now());
  }
}

/** What is planned; without an auth where its job type needs none. */
type Planned = Awaited<ReturnType<typeof resolveTyped>>;

/** What plans and choices get beside the configuration. */
interface Given {
  readonly spool: Spool;
  readonly connection: Connection;
  readonly signal: AbortSignal;
  readonly log: EngineContext["log"];
}

function stored({ auth, config }: { auth: AuthRow; config: object }): Pick<JobsTable, "auth_id" | "config"> {
  return { auth_id: auth.id, config: JSON.stringify(config) };
}
