/**
 * What is due, done: queues the runs of continuous jobs, and tells of what did not come.
 *
 * @module
 */
import type { Database, Executor } from "../../database/database.ts";
import type { JobsTable, RunStatus, SchedulesTable } from "../../database/tables.ts";
import { hasRun as hasRunOf } from "../exports/lanes.ts";
import { nameInCommand } from "../label.ts";
import { notice } from "../notify/notices.ts";
import { queueRun } from "../queue_run.ts";
import { eachDue } from "./each_due.ts";
import { ON_ARRIVAL } from "./fields.ts";
import { filesCame } from "./files_came.ts";
import { nextRun, previousDaily, readSchedule, type Schedule } from "./schedule.ts";
import { earlier, NEVER, type NextTimes, timesAfter, unschedule } from "./schedule_state.ts";
import { OPEN_STATUSES } from "../claim.ts";

/** Due jobs that are looked up at once. */
const AT_ONCE = 100;
/** How long what is expected waits for a run that is looking for it, in milliseconds, and when that is looked at again. */
const PATIENCE = 3_600_000;
const LOOK_AGAIN = 15_000;

/** What a look did. */
export interface Attended {
  /** Ids of the runs that were queued. */
  readonly queued: readonly string[];
  /** Ids of jobs that were due while a run of theirs had not ended. */
  readonly passed: readonly string[];
  /** Ids of jobs for which nothing came in time. */
  readonly missed: readonly string[];
}

/** A job that is due. */
export type DueSchedule = Pick<SchedulesTable, "account_id" | "job_id" | "wake_at">;

/** Finds what is due, after `last` where it is told; exported for the test of its plan. */
export function dueSchedules(executor: Executor, now: number, last?: DueSchedule) {
  const due = executor.selectFrom("schedules").select(["account_id", "job_id", "wake_at"]).where("wake_at", "<=", now);
  return (last === undefined
    ? due
    : due.where(({ eb, refTuple, tuple }) =>
      eb(refTuple("wake_at", "account_id", "job_id"), ">", tuple(last.wake_at, last.account_id, last.job_id))
    )).orderBy("wake_at").orderBy("account_id").orderBy("job_id").limit(AT_ONCE);
}

/**
 * Does what is due by the database's clock. Each job's is a transaction of its own, which looks again: of several
 * processes that find a job due, one queues its run.
 *
 * @param clock Another clock, for tests.
 * @param signal Ends it after the job that is being attended to.
 */
export async function attend(
  database: Database,
  clock: () => Promise<number> = () => database.now(),
  signal?: AbortSignal,
): Promise<Attended> {
  const since = await clock();
  const done: Record<keyof Attended, string[]> = { queued: [], passed: [], missed: [] };
  await eachDue<DueSchedule>(
    (last) => dueSchedules(database.kysely, since, last).execute(),
    ({ account_id, job_id }) =>
      database.write(async (transaction) => {
        const row = await transaction.selectFrom("schedules").selectAll().where("account_id", "=", account_id)
          .where("job_id", "=", job_id).executeTakeFirst();
        const now = await clock();
        if (row === undefined || row.wake_at === null || row.wake_at > now) return;
        const job = await transaction.selectFrom("jobs").selectAll().where("account_id", "=", account_id)
          .where("id", "=", job_id).executeTakeFirst();
        const schedule = job && readSchedule(JSON.parse(job.config), job.created_at);
        if (job === undefined || schedule === undefined) {
          return await unschedule(transaction, { account_id, id: job_id });
        }
        const next = job.status === "active" ? await attendTo({ transaction, row, job, schedule, now, done }) : NEVER;
        await transaction.updateTable("schedules").set(next).where("account_id", "=", account_id)
          .where("job_id", "=", job_id).execute();
      }),
    signal,
  );
  return done;
}

interface Due {
  readonly transaction: Executor;
  readonly row: SchedulesTable;
  readonly job: JobsTable;
  readonly schedule: Schedule;
  readonly now: number;
  readonly done: Record<keyof Attended, string[]>;
}

async function attendTo(due: Due): Promise<NextTimes> {
  const { row, schedule, now, done } = due;
  const times = timesAfter(schedule, now);
  let due_at = row.due_at;
  // What came while a run was under way is for the next one.
  if (schedule.frequency === ON_ARRIVAL && due_at !== null && due_at <= now && await hasRun(due, OPEN_STATUSES)) {
    return { due_at, expect_at: row.expect_at, wake_at: now + LOOK_AGAIN };
  }
  if (due_at !== null && due_at <= now) {
    if (await hasRun(due, OPEN_STATUSES) || await wasQueued(due, due_at)) done.passed.push(row.job_id);
    else done.queued.push(await queueDue(due, due_at));
    due_at = times.due_at;
  }
  const { expect_at } = row;
  if (expect_at === null || expect_at > now) return { due_at, expect_at, wake_at: earlier(due_at, expect_at) };
  // A run that is looking may yet find it.
  if (now < expect_at + PATIENCE && await hasRun(due, ["queued", "running"])) {
    return { due_at, expect_at, wake_at: earlier(due_at, now + LOOK_AGAIN) };
  }
  await tellOfMissing(due, expect_at);
  return { due_at, expect_at: times.expect_at, wake_at: earlier(due_at, times.expect_at) };
}

/** Whether there is a run of the job in one of these states. */
function hasRun({ transaction, job }: Due, statuses: readonly RunStatus[]): Promise<boolean> {
  return hasRunOf(transaction, { account: job.account_id, job: job.id }, statuses);
}

/** Whether there was a run for this time: a clock that was set back comes to it again. */
async function wasQueued({ transaction, job }: Due, due: number): Promise<boolean> {
  const run = await transaction.selectFrom("runs").select("id").where("account_id", "=", job.account_id)
    .where("job_id", "=", job.id).where("due_at", "=", due).executeTakeFirst();
  return run !== undefined;
}

/** Queues a run; one stands for all the times that passed while nobody looked. */
async function queueDue({ transaction, job, schedule, now }: Due, due: number): Promise<string> {
  const after = nextRun(schedule, due);
  const missed = after !== undefined && after <= now;
  return await queueRun(transaction, {
    account: job.account_id,
    job: job.id,
    type: job.type,
    auth: job.auth_id,
    config: JSON.parse(job.config),
    personal: job.personal,
    notes: missed ? ["It was due several times while no process executed runs: this run stands for them all"] : [],
    now,
    due,
  });
}

async function tellOfMissing({ transaction, job, schedule, now, done }: Due, expected: number): Promise<void> {
  const { expectBy, zone } = schedule;
  if (expectBy === undefined) return;
  const since = previousDaily(expectBy, zone, expected);
  if (await filesCame(transaction, { account: job.account_id, job: job.id, since })) return;
  done.missed.push(job.id);
  const time = expectBy.toString({ smallestUnit: "minute" });
  await notice(transaction, {
    account: job.account_id,
    event: "file_missing",
    job,
    run: null,
    message: `Nothing new came for job "${job.label}" by ${time} (${zone})`,
    hint: `Ask whoever sends it; \`waybill job plan ${nameInCommand(job)}\` tells what is there`,
    now,
  });
}
