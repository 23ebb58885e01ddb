/**
 * Executes one claimed run, from its checkpoint to its end.
 *
 * @module
 */
import { abortFailure, Failure, type FailureJson } from "../contracts/failure.ts";
import type { JobDefinition, Progress } from "../contracts/job.ts";
import type { Log } from "../contracts/log.ts";
import type { Executor } from "../database/database.ts";
import type { RunsTable } from "../database/tables.ts";
import { parseConfig } from "../describe/mod.ts";
import type { Attempt } from "./attempt.ts";
import { closeConnection, openConnection } from "./connections.ts";
import type { Core } from "./core.ts";
import { describeError } from "./describe_error.ts";
import { exportMembers } from "./exports/export_attempt.ts";
import { resultConnection } from "./exports/result_store.ts";
import { exportLogs } from "./raw_logs/log_export.ts";
import { importRows } from "./import_attempt.ts";
import { PlaceChanged } from "./import_commit.ts";
import { Held, heldRun } from "./held.ts";
import { type Claim, holdFence, LeaseLost, stoppedByRequest } from "./claim.ts";
import { finishRun, heedStop, type Outcome, postponeRun, releaseRun } from "./queue.ts";
import { type Redactor, redactor } from "./redact.ts";
import { type RetryPlan, waitBeforeRetry } from "./retry.ts";
import { findAuth, openAuth } from "./saved_auths.ts";
import { jobSchema, pluginConfig } from "./schedule/fields.ts";
import { connectUpload, removeUpload } from "./upload_files.ts";
import { type Task, WaitsForRun } from "./task.ts";
import { commitTask } from "./task_commit.ts";
import { TASKS } from "./tasks.ts";
import { goneNotes, knownKeys } from "./stored_config.ts";

/** How soon a run comes again that waits for another, in milliseconds. */
const WAIT_FOR_RUN = 5_000;

/** Sentences kept with a run. */
const MAX_NOTES = 20;

/** Reason of an abort that gives the run back to the queue: the process is going down. */
export class Drain extends Failure {
  constructor() {
    super("cancelled", "Waybill is shutting down; the run goes on at the next start");
  }
}

/** What the process around a run gives. */
export interface RunHooks {
  /** Aborted with a `Drain`, or with the Failure that the run is to end with. */
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress) => void;
  readonly log: Log;
  /** When the attempt began, by `performance.now` of this thread; now, unless told. */
  readonly began?: number;
  /** Milliseconds that the attempts before have worked; as the run's row says, unless told: it may count this one. */
  readonly workedBefore?: number;
  /** Whether and when to try again after a transient failure. */
  readonly retries: RetryPlan;
  /** Leads to the Worker beside the run's own; without one, the run's own thread does everything. */
  readonly helper?: MessagePort;
}

/** What became of a claim. */
export type RunEnd = Outcome["status"] | "released" | "lost";

/** Executes a claimed run and writes how it ended. */
export async function executeRun(core: Core, claim: Claim, hooks: RunHooks): Promise<RunEnd> {
  const attempt = new RunAttempt(core, claim, hooks);
  try {
    const thrown = await attempt.work().then(() => undefined, (error: unknown) => ({ error }));
    if (thrown === undefined) return await attempt.finish({ status: "succeeded" });
    if (thrown.error instanceof LeaseLost) throw thrown.error;
    if (thrown.error instanceof PlaceChanged) return await attempt.giveBack();
    const error = hooks.signal.aborted ? abortFailure(hooks.signal) : thrown.error;
    if (error instanceof Held) return await attempt.finish(heldRun(claim, error));
    return error instanceof Drain ? await attempt.giveBack() : await attempt.fail(error);
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    hooks.log.warn(error.message);
    return "lost";
  }
}

/** The original error, which only the log keeps. */
function causeOf(error: unknown): { readonly cause?: string } {
  if (!(error instanceof Error) || error.cause === undefined) return {};
  return { cause: error.cause instanceof Error ? error.cause.message : String(error.cause) };
}

/** One attempt at a run. */
class RunAttempt {
  readonly #began: number;
  readonly #notes: string[] = [];
  #redactor: Redactor = redactor([]);
  #duration = 0;
  #progress: Progress | undefined;
  #bytes = 0;
  /** Whether all that was read is committed, the source's last bytes with it. */
  #imported = false;
  /** The run as this attempt found it. */
  #row: RunsTable | undefined;
  #connected = false;

  constructor(private readonly core: Core, private readonly claim: Claim, private readonly hooks: RunHooks) {
    this.#began = hooks.began ?? performance.now();
  }

  /** Does the work; everything emitted is committed when it resolves. */
  async work(): Promise<void> {
    const { core, claim, hooks } = this;
    const row = await core.database.kysely.selectFrom("runs").selectAll()
      .where("account_id", "=", claim.account).where("id", "=", claim.run).executeTakeFirstOrThrow();
    this.#row = row;
    this.#connected = row.rows_read > 0 || row.retries > 0;
    this.#notes.push(...JSON.parse(row.notes) as string[]);
    this.#duration = hooks.workedBefore ?? row.duration_ms;
    this.#bytes = row.bytes;
    if (row.progress !== null) this.#progress = JSON.parse(row.progress);
    const task = TASKS.get(row.job_type);
    if (task !== undefined) return await this.#task(task, row);
    const job = core.registry.job(row.job_type);
    const stored = knownKeys(jobSchema(job), JSON.parse(row.config));
    for (const note of goneNotes(stored.gone, `job type "${job.id}"`)) this.#note(note);
    const config = parseConfig(job.config, pluginConfig(job, stored.config), `job type "${job.id}"`);
    if (row.auth_id !== null) {
      const auth = await findAuth(core.database.kysely, claim.account, row.auth_id);
      this.#redactor = (await openAuth(core, auth)).redactor;
    }
    const connection = row.auth_id !== null
      ? await openConnection(core, claim.account, row.auth_id, { signal: hooks.signal, log: this.#log() })
      : job.direction === "export"
      ? resultConnection(core, claim)
      : await connectUpload(core, row);
    this.#connected = true;
    try {
      await this.#job(job, config, row, connection);
    } finally {
      await closeConnection(connection, this.log);
    }
  }

  /** Writes how the run ended, and what the user should read about it. */
  async finish(outcome: Outcome): Promise<RunEnd> {
    const now = await this.core.database.now();
    const { status } = await this.#write(async (transaction, stopRequested) => {
      const end = heedStop(outcome, stopRequested);
      await finishRun(transaction, this.claim, end, now);
      return end;
    });
    this.hooks.log.info("The run ended", { status });
    if (status === "succeeded") await this.#removeUpload();
    return status;
  }

  /** Gives the run back to the queue, with what the user should read about it so far, unless it is to stop. */
  async giveBack(): Promise<RunEnd> {
    const released = await this.#write(async (transaction, stopRequested) => {
      if (!stopRequested) await releaseRun(transaction, this.claim);
      return !stopRequested;
    });
    return released ? "released" : await this.finish({ status: "cancelled", failure: stoppedByRequest().toJSON() });
  }

  /** Ends the run with what was thrown, or lets it try again later where that may help. */
  async fail(error: unknown): Promise<RunEnd> {
    const failure = this.#describe(error);
    if (await this.#postpone(failure, error instanceof WaitsForRun)) return "released";
    const status = failure.kind === "cancelled" ? "cancelled" : "failed";
    if (failure.kind === "bug") {
      this.log.error(error instanceof Error ? error.stack ?? error.message : String(error));
    } else if (status === "failed") this.log.error(failure.message, { kind: failure.kind, ...causeOf(error) });
    return await this.finish({ status, failure });
  }

  /** Whether the run was put back, to try again after a while. */
  async #postpone(failure: FailureJson, waits: boolean): Promise<boolean> {
    const { core, claim, hooks, log } = this;
    const row = this.#row;
    if (row === undefined) return false;
    const present = await core.database.kysely.selectFrom("runs").select(["rows_read", "checkpoint"])
      .where("account_id", "=", claim.account).where("id", "=", claim.run).executeTakeFirstOrThrow();
    // Who gets on may fail as often as it likes.
    const gotOn = present.rows_read !== row.rows_read || present.checkpoint !== row.checkpoint;
    const retries = gotOn ? 0 : row.retries;
    // To wait for another run is no failed attempt; a command executes no other.
    const isPatient = waits && hooks.retries.unconnected;
    const wait = isPatient
      ? WAIT_FOR_RUN
      : waitBeforeRetry(hooks.retries, { failure, retries, connected: this.#connected });
    if (wait === undefined) return false;
    const until = await core.database.now() + wait;
    const done = await this.#write((transaction) =>
      postponeRun(transaction, claim, { failure, until, retries: isPatient ? retries : retries + 1 })
    );
    if (done) log.warn(`${failure.message}; the run tries again in ${Math.ceil(wait / 1000)} s`);
    return done;
  }

  /** Writes in one transaction, with notes, progress and time worked; throws `LeaseLost`. */
  async #write<T>(write: (transaction: Executor, stopRequested: boolean) => Promise<T>): Promise<T> {
    const { core, claim } = this;
    return await core.database.write(async (transaction) => {
      const { stopRequested } = await holdFence(transaction, claim);
      await transaction.updateTable("runs").set({
        notes: JSON.stringify(this.#notes),
        progress: this.#progress === undefined ? null : JSON.stringify(this.#progress),
        duration_ms: this.#worked(),
        // Of a run that did not get there, and of an export, its last commit has told.
        ...(this.#imported ? { bytes: this.#bytes } : {}),
      }).where("account_id", "=", claim.account).where("id", "=", claim.run).execute();
      return await write(transaction, stopRequested);
    });
  }

  async #task(task: Task, row: RunsTable): Promise<void> {
    const { core, claim, hooks } = this;
    await task.work({
      core,
      claim,
      config: JSON.parse(row.config),
      checkpoint: row.checkpoint === null ? undefined : JSON.parse(row.checkpoint),
      signal: hooks.signal,
      log: this.#log(),
      helper: hooks.helper,
      progress: (progress) => {
        this.#progress = progress;
        hooks.progress(progress);
      },
      note: (sentence) => this.#note(sentence),
      commit: async (work) => await commitTask(core.database, claim, work),
    });
  }

  async #job(job: JobDefinition, config: Attempt["config"], row: RunsTable, connection: object): Promise<void> {
    const { core, claim, hooks } = this;
    const attempt: Attempt = {
      core,
      claim,
      row,
      config,
      connection,
      signal: hooks.signal,
      log: this.#log(),
      helper: hooks.helper,
      progress: (progress) => {
        this.#progress = progress;
        if (progress.unit === "bytes") this.#bytes = progress.done;
        hooks.progress(progress);
      },
      note: (sentence) => this.#note(sentence),
      bytes: () => this.#bytes,
      duration: () => this.#worked(),
    };
    if (job.direction === "export") {
      return job.reads === "logs" ? await exportLogs(job, attempt) : await exportMembers(job, attempt);
    }
    await importRows(job, attempt);
    this.#imported = true;
  }

  /** Nobody needs the file any more; what goes wrong with it is swept up later. */
  async #removeUpload(): Promise<void> {
    if (this.#row === undefined || this.#row.auth_id !== null) return;
    await removeUpload(this.core, this.#row).catch((error) => {
      this.hooks.log.warn(`The uploaded file is not removed yet: ${error instanceof Error ? error.message : error}`);
    });
  }

  /** What went wrong, without secrets. */
  #describe(error: unknown): FailureJson {
    const failure = describeError(error);
    const { text } = this.#redactor;
    return { ...failure, message: text(failure.message), hint: failure.hint === null ? null : text(failure.hint) };
  }

  /** The run's log, without the auth's secrets. */
  get log(): Log {
    return this.#redactor.log(this.hooks.log);
  }

  /** The plugin's log; its warnings are what the user should read. */
  #log(): Log {
    const { log } = this;
    return {
      debug: (message, fields) => log.debug(message, fields),
      info: (message, fields) => log.info(message, fields),
      warn: (message, fields) => {
        this.#note(this.#redactor.text(message));
        log.warn(message, fields);
      },
      error: (message, fields) => log.error(message, fields),
    };
  }

  #note(sentence: string): void {
    if (this.#notes.length < MAX_NOTES && !this.#notes.includes(sentence)) this.#notes.push(sentence);
  }

  #worked(): number {
    return this.#duration + Math.round(performance.now() - this.#began);
  }
}
