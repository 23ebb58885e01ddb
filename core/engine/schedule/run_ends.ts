/**
 * What the end of a run means for its continuous job: a failure is told, and too many in a row pause it.
 *
 * @module
 */
import type { FailureJson } from "../../contracts/failure.ts";
import type { Executor } from "../../database/database.ts";
import type { JobsTable, NoticeEvent } from "../../database/tables.ts";
import { SYSTEM } from "../actor.ts";
import { audit } from "../audit.ts";
import { nameInCommand } from "../label.ts";
import { notice } from "../notify/notices.ts";
import { tellable } from "../notify/tellable.ts";
import { readSchedule } from "./schedule.ts";
import { NEVER } from "./schedule_state.ts";

/** A run of an account. */
export interface RunRef {
  readonly account: number;
  readonly run: string;
}

/** How a run ended. */
export type RunEnding =
  | { readonly status: "succeeded" }
  | { readonly status: "failed" | "cancelled"; readonly failure: FailureJson };

/**
 * Notes the end of a run that its job's schedule began, in the transaction that ends it. A success forgets the failures
 * before; one that may pass by itself (`transient`) is told, but does not count; a stopped run means nothing.
 */
export async function noteEnd(executor: Executor, ref: RunRef, end: RunEnding, now: number): Promise<void> {
  if (end.status === "cancelled") return;
  const scheduled = await scheduledRun(executor, ref);
  if (scheduled === undefined) return;
  const { job, failures } = scheduled;
  const row = executor.updateTable("schedules").where("account_id", "=", job.account_id).where("job_id", "=", job.id);
  if (end.status === "succeeded") {
    if (failures > 0) await row.set({ failures: 0 }).execute();
    return;
  }
  const counted = end.failure.kind === "transient" ? failures : failures + 1;
  const most = readSchedule(JSON.parse(job.config), job.created_at)?.maxFailures ?? 0;
  const said = tellable(end.failure, ref.run);
  const failed = { ...said, account: job.account_id, job, run: ref.run, now };
  if (job.status !== "active" || most === 0 || counted < most || counted === failures) {
    await row.set({ failures: counted }).execute();
    await notice(executor, {
      ...failed,
      event: "run_failed",
      message: `A run of job "${job.label}" failed: ${said.message}`,
    });
    return;
  }
  const times = counted === 1 ? "Its run failed" : `${counted} runs in a row failed`;
  await row.set({ ...NEVER, failures: counted, paused_because: `${times}: ${said.message}` }).execute();
  await executor.updateTable("jobs").set({ status: "paused", updated_at: now })
    .where("account_id", "=", job.account_id).where("id", "=", job.id).execute();
  await audit(executor, { database: { now: async () => now }, accountId: job.account_id, actor: SYSTEM }, {
    action: "pause",
    kind: "job",
    id: job.id,
    label: job.label,
    detail: { failures: counted },
  });
  await notice(executor, {
    ...failed,
    event: "job_paused",
    message: `Job "${job.label}" is paused: ${times.toLowerCase()}: ${said.message}`,
    hint: `${said.hint === null ? "" : `${said.hint}; then `}\`waybill job resume ${nameInCommand(job)}\``,
  });
}

/** Tells, in the transaction that holds it, that a run of a continuous job waits for somebody's approval. */
export async function noteHeld(
  executor: Executor,
  ref: RunRef,
  { message, hint, now }: { readonly message: string; readonly hint: string | null; readonly now: number },
): Promise<void> {
  const scheduled = await scheduledRun(executor, ref);
  if (scheduled === undefined) return;
  const { job } = scheduled;
  const event: NoticeEvent = "run_held";
  await notice(executor, { account: job.account_id, event, job, run: ref.run, message, hint, now });
}

async function scheduledRun(
  executor: Executor,
  { account, run }: RunRef,
): Promise<{ readonly job: JobsTable; readonly failures: number } | undefined> {
  const row = await executor.selectFrom("runs").select(["job_id", "due_at"]).where("account_id", "=", account)
    .where("id", "=", run).executeTakeFirst();
  if (row === undefined || row.job_id === null || row.due_at === null) return undefined;
  const state = await executor.selectFrom("schedules").select("failures").where("account_id", "=", account)
    .where("job_id", "=", row.job_id).executeTakeFirst();
  if (state === undefined) return undefined;
  const job = await executor.selectFrom("jobs").selectAll().where("account_id", "=", account)
    .where("id", "=", row.job_id).executeTakeFirst();
  return job === undefined ? undefined : { job, failures: state.failures };
}
