/**
 * Queues runs: those of jobs, and those of the engine's own tasks.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import type { Executor } from "../database/database.ts";
import type { RunsTable } from "../database/tables.ts";
import { newId } from "./ids.ts";

/** Stands for the job of every task's run: an account's tasks go one after another, as the runs of one job do. */
export const TASK_LANE = "tasks";

/** A run to be queued. */
export interface NewRun {
  /** A new one unless told. */
  readonly id?: string;
  readonly account: number;
  /** The saved job it is a run of, or null. */
  readonly job: string | null;
  /** Id of the job type, or of the task. */
  readonly type: string;
  readonly auth: string | null;
  readonly config: { readonly [key: string]: JsonValue };
  /** What the user should know of it, a sentence each. */
  readonly notes: readonly string[];
  /** Whether it imports files whatever the ledger knows of them. */
  readonly force?: boolean;
  /** 1 where an export may hold personal fields; 0 unless told. */
  readonly personal?: RunsTable["personal"];
  /** The database's clock. */
  readonly now: number;
  /** Which time of its job's schedule it is for; unless told, somebody started it. */
  readonly due?: number;
}

/** Queues a run and gives its id. */
export async function queueRun(executor: Executor, run: NewRun): Promise<string> {
  const { id = newId() } = run;
  await executor.insertInto("runs").values({
    account_id: run.account,
    id,
    job_id: run.job,
    job_type: run.type,
    auth_id: run.auth,
    config: JSON.stringify(run.config),
    status: "queued",
    failure: null,
    notes: JSON.stringify(run.notes),
    progress: null,
    checkpoint: null,
    rows_read: 0,
    accepted: 0,
    rejected: 0,
    rejected_erased: 0,
    misfits: 0,
    unchanged: 0,
    refused: 0,
    added: 0,
    changed: 0,
    removed: 0,
    bytes: 0,
    rows_exported: 0,
    path: null,
    profiles_created: 0,
    profiles_updated: 0,
    attempts: 0,
    retries: 0,
    fence: 0,
    lease_owner: null,
    lease_until: null,
    not_before: run.now,
    due_at: run.due ?? null,
    stop_requested: 0,
    force: run.force === true ? 1 : 0,
    personal: run.personal ?? 0,
    approved: "[]",
    created_at: run.now,
    started_at: null,
    finished_at: null,
    duration_ms: 0,
  }).execute();
  return id;
}

/** What makes a run that has ended one that waits again; it goes on from its checkpoint. */
export function requeued(now: number): Partial<RunsTable> {
  return { status: "queued", failure: null, finished_at: null, stop_requested: 0, retries: 0, not_before: now };
}

/** A task to be queued: work of the engine's own. */
export interface NewTask {
  readonly account: number;
  /** Id of the task. */
  readonly task: string;
  readonly config: { readonly [key: string]: JsonValue };
  readonly now: number;
}

/** Queues a task's run, in the transaction that makes it necessary, and gives its id. */
export function queueTask(executor: Executor, { account, task, config, now }: NewTask): Promise<string> {
  return queueRun(executor, { account, job: TASK_LANE, type: task, auth: null, config, notes: [], now });
}
