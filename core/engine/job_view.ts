/**
 * A saved job as CLI and HTTP show it.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import type { Executor } from "../database/database.ts";
import type { JobsTable, SchedulesTable } from "../database/tables.ts";
import { isoTime } from "./iso_time.ts";
import type { Registry } from "./registry.ts";
import { nextRuns } from "./schedule/schedule.ts";
import { scheduleOf } from "./schedule/schedule_state.ts";
import type { JobView } from "./views.ts";

/** Times that are told. */
const NEXT = 5;

/** A job with what else is told of it. */
export interface JobRow extends JobsTable {
  readonly last_run_id: string | null;
  readonly failures: SchedulesTable["failures"] | null;
  readonly paused_because: SchedulesTable["paused_because"];
}

/** The jobs of an account, each with its newest run and how its schedule stands. */
export function jobRows(executor: Executor, accountId: number) {
  return executor.selectFrom("jobs")
    .leftJoin(
      "schedules",
      (join) => join.onRef("schedules.account_id", "=", "jobs.account_id").onRef("schedules.job_id", "=", "jobs.id"),
    )
    .selectAll("jobs").select(["schedules.failures", "schedules.paused_because"])
    .select(({ selectFrom }) =>
      selectFrom("runs").select("runs.id").whereRef("runs.account_id", "=", "jobs.account_id")
        .whereRef("runs.job_id", "=", "jobs.id").orderBy("runs.created_at", "desc").orderBy("runs.id", "desc")
        .limit(1).as("last_run_id")
    )
    .where("jobs.account_id", "=", accountId);
}

/** What the outside sees of a job, at a time of the database's clock. */
export function jobView(registry: Pick<Registry, "jobs">, row: JobRow, now: number): JobView {
  const config: { [key: string]: JsonValue } = JSON.parse(row.config);
  const { id, type, label, description, auth_id, status, last_run_id, failures } = row;
  const schedule = status === "active" ? scheduleOf(registry, row) : undefined;
  return {
    id,
    type,
    label,
    description,
    auth_id,
    config,
    status,
    paused_reason: pausedReason(row),
    failures: failures ?? 0,
    next_runs: schedule === undefined ? [] : nextRuns(schedule, now, NEXT).map(isoTime),
    last_run_id,
    personal: row.personal === 1,
    revision: row.revision,
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  };
}

function pausedReason({ status, auth_id, paused_because }: JobRow): string | null {
  if (status !== "paused") return null;
  return auth_id === null ? "Its auth was deleted" : paused_because;
}
