/**
 * Saved jobs.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Choice, Plan } from "../contracts/job.ts";
import type { Spool } from "../contracts/spool.ts";
import type { Executor } from "../database/database.ts";
import { isUniqueViolation } from "../database/unique_violation.ts";
import type { JobsTable } from "../database/tables.ts";
import { audit, type AuditEntry } from "./audit.ts";
import { changedNames } from "./changed_names.ts";
import type { Connections } from "./connections.ts";
import type { EngineContext } from "./context.ts";
import { listedTypes } from "./directions.ts";
import { personalOf } from "./exports/reader.ts";
import { newId } from "./ids.ts";
import { jobFiles, type JobFileView } from "./job_files.ts";
import { JobQuestions } from "./job_questions.ts";
import { jobRows, jobView } from "./job_view.ts";
import { checkLabel, labelTaken } from "./label.ts";
import { forgetJobFiles } from "./ledger.ts";
import { OPEN_STATUSES } from "./claim.ts";
import { queueRun } from "./queue_run.ts";
import { findAllowedJob, refuseWithoutAuth, type ResolvedInput, resolveInput, savedInput } from "./resolve_run.ts";
import type { Change, ChoiceOptions, JobInput, Jobs, SavedJobInput } from "./runtime.ts";
import type { AuthRow } from "./saved_auths.ts";
import { reschedule, scheduleOf, unschedule } from "./schedule/schedule_state.ts";
import type { JobView, Page } from "./views.ts";

/** The jobs of the context's account. `connections` stays with whoever made it; plans and choices use `spool`. */
export function jobsOf(context: EngineContext, connections: Connections, spool: Spool): Jobs {
  return new SavedJobs(context, connections, spool);
}

class SavedJobs implements Jobs {
  readonly #context: EngineContext;
  readonly #questions: JobQuestions;

  constructor(context: EngineContext, connections: Connections, spool: Spool) {
    this.#context = context;
    this.#questions = new JobQuestions(context, connections, spool);
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
    const { id } = await findAllowedJob(this.#context, kysely, job, "read");
    return await this.#view(kysely, id);
  }

  async update(job: string, change: Change & { readonly auth?: string }): Promise<JobView> {
    const label = change.label === undefined ? undefined : this.#checkLabel(change.label);
    return await this.#writeLabelled(label, async (transaction) => {
      const { database, accountId } = this.#context;
      const row = await findAllowedJob(this.#context, transaction, job, "write");
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
      const { id, label } = await findAllowedJob(this.#context, transaction, job, "write");
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

  plan(what: string | JobInput | SavedJobInput, options: { readonly signal?: AbortSignal } = {}): Promise<Plan> {
    return this.#questions.plan(what, options);
  }

  choices(input: JobInput, field: string, options: ChoiceOptions = {}): Promise<Page<Choice>> {
    return this.#questions.choices(input, field, options);
  }

  async files(job: string, options: { readonly cursor?: string; readonly limit?: number } = {}): Promise<
    Page<JobFileView>
  > {
    const { database: { kysely }, accountId } = this.#context;
    const { id } = await findAllowedJob(this.#context, kysely, job, "read");
    return await jobFiles(kysely, accountId, id, options);
  }

  async #setStatus(job: string, status: JobsTable["status"]): Promise<JobView> {
    const { database, accountId } = this.#context;
    return await database.write(async (transaction) => {
      const row = await findAllowedJob(this.#context, transaction, job, "write");
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

function stored({ auth, config }: { auth: AuthRow; config: object }): Pick<JobsTable, "auth_id" | "config"> {
  return { auth_id: auth.id, config: JSON.stringify(config) };
}
