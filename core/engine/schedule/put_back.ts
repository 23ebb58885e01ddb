/**
 * Schedules after the clock was put back.
 *
 * @module
 */
import type { Database } from "../../database/database.ts";
import { settingsOf } from "../account_settings.ts";
import { nextRefresh } from "../exports/enabled_rows.ts";
import { readSchedule } from "./schedule.ts";
import { type NextTimes, type ScheduledJob, timesAfter } from "./schedule_state.ts";

/**
 * Gives jobs that are due later than their schedules say the time that those say: a clock that was ahead had them run
 * early, and noted a time that may be years away. Gives the ids of the jobs.
 *
 * @param clock Another clock than the database's, for tests.
 */
export async function heedPutBack(
  database: Database,
  clock: () => Promise<number> = () => database.now(),
): Promise<readonly string[]> {
  const found = await database.kysely.selectFrom("schedules")
    .innerJoin(
      "jobs",
      (join) => join.onRef("jobs.account_id", "=", "schedules.account_id").onRef("jobs.id", "=", "schedules.job_id"),
    )
    .select(["schedules.account_id", "job_id", "due_at", "jobs.config", "jobs.created_at"])
    .where("due_at", ">", await clock()).execute();
  const mended: string[] = [];
  for (const { account_id, job_id, due_at, config, created_at } of found) {
    const times = timesOf({ config, created_at }, await clock());
    if (times === undefined || times.due_at === null || due_at === null || times.due_at >= due_at) continue;
    // Whoever changed it meanwhile knew the time.
    const { numUpdatedRows } = await database.kysely.updateTable("schedules").set(times)
      .where("account_id", "=", account_id).where("job_id", "=", job_id).where("due_at", "=", due_at)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) mended.push(job_id);
  }
  return mended;
}

/** What a stored schedule says; undefined where it says nothing that can be read. That is told when the job is due. */
function timesOf({ config, created_at }: Pick<ScheduledJob, "config" | "created_at">, now: number) {
  return unlessUnreadable((): NextTimes | undefined => {
    const schedule = readSchedule(JSON.parse(config), created_at);
    return schedule && timesAfter(schedule, now);
  });
}

/** Does the same for the exports that the bulk APIs fetch: their results are made anew each day. */
export async function heedPutBackExports(
  database: Database,
  clock: () => Promise<number> = () => database.now(),
): Promise<void> {
  const { kysely } = database;
  const accounts = await kysely.selectFrom("enabled_exports").select("account_id").distinct()
    .where("refresh_at", ">", await clock()).execute();
  for (const { account_id } of accounts) {
    const settings = await settingsOf(kysely, account_id), now = await clock();
    const refresh_at = unlessUnreadable(() => nextRefresh(settings, now));
    if (refresh_at === undefined) continue;
    await kysely.updateTable("enabled_exports").set({ refresh_at }).where("account_id", "=", account_id)
      .where("refresh_at", ">", refresh_at).execute();
  }
}

/** One that is damaged, or names a zone that is no more, keeps no other from its time. */
function unlessUnreadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
