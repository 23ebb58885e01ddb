/**
 * When each continuous job is due: kept in a row of its own, so that one look at an index finds what is.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";
import type { JobsTable, SchedulesTable } from "../../database/tables.ts";
import type { Registry } from "../registry.ts";
import { isContinuous } from "./fields.ts";
import { nextDaily, nextRun, readSchedule, type Schedule } from "./schedule.ts";

/** What of a job its schedule hangs on. */
export type ScheduledJob = Pick<JobsTable, "account_id" | "id" | "type" | "config" | "status" | "created_at">;

/** The schedule of a job; undefined where it is not continuous, or no plugin brings its type any more. */
export function scheduleOf(
  { jobs }: Pick<Registry, "jobs">,
  { type, config, created_at }: Pick<ScheduledJob, "type" | "config" | "created_at">,
): Schedule | undefined {
  const definition = jobs.find(({ id }) => id === type);
  const stored = JSON.parse(config);
  return definition !== undefined && isContinuous(definition, stored) ? readSchedule(stored, created_at) : undefined;
}

/** The times that come next. */
export type NextTimes = Pick<SchedulesTable, "due_at" | "expect_at" | "wake_at">;

/** No time comes any more. */
export const NEVER: NextTimes = { due_at: null, expect_at: null, wake_at: null };

/**
 * The times after `now`. Something is expected only once a run was due that could bring it: `since`, where one is there
 * already, else the next one.
 */
export function timesAfter(schedule: Schedule, now: number, since?: number): NextTimes {
  const due_at = nextRun(schedule, now) ?? null;
  const from = since ?? due_at;
  const expect_at = schedule.expectBy === undefined || from === null
    ? null
    : nextDaily(schedule.expectBy, schedule.zone, Math.max(from, now));
  return { due_at, expect_at, wake_at: earlier(due_at, expect_at) };
}

/** The earlier of two times, of which there may be only one. */
export function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? one ?? other : Math.min(one, other);
}

/**
 * Writes when a job is due after `now`; a job that is not continuous has no row. One that is active begins anew: its
 * failures are forgotten.
 *
 * @param since When a run of it was queued just now.
 */
export async function reschedule(
  executor: Executor,
  job: ScheduledJob,
  schedule: Schedule | undefined,
  now: number,
  since?: number,
): Promise<void> {
  if (schedule === undefined) return await unschedule(executor, job);
  const active = job.status === "active";
  const times = active ? timesAfter(schedule, now, since) : NEVER;
  const anew = { ...times, failures: 0, paused_because: null };
  await executor.insertInto("schedules").values({ account_id: job.account_id, job_id: job.id, ...anew })
    .onConflict((conflict) => conflict.columns(["account_id", "job_id"]).doUpdateSet(active ? anew : times)).execute();
}

/** Removes the row of a job that is gone, or no longer continuous. */
export async function unschedule(
  executor: Executor,
  { account_id, id }: Pick<JobsTable, "account_id" | "id">,
): Promise<void> {
  await executor.deleteFrom("schedules").where("account_id", "=", account_id).where("job_id", "=", id).execute();
}
