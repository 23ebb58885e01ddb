/**
 * Makes the results of enabled exports anew: each day, and when somebody asks who cannot have them yet.
 *
 * @module
 */
import type { Database, Executor } from "../../database/database.ts";
import type { EnabledExportsTable } from "../../database/tables.ts";
import { SYSTEM } from "../actor.ts";
import { OPEN_STATUSES } from "../claim.ts";
import { queueRun } from "../queue_run.ts";
import { eachDue } from "../schedule/each_due.ts";
import { endLapsed, lockExports, nextRefresh } from "./enabled_rows.ts";
import { configOf } from "./export_sources.ts";
import { hasRun } from "./lanes.ts";

/** Due exports that are looked up at once. */
const AT_ONCE = 100;

/** Queues a run that makes the results; undefined where one is queued, or under way, already. */
export async function queueRefresh(
  executor: Executor,
  row: EnabledExportsTable,
  { now, due, notes = [] }: { readonly now: number; readonly due?: number; readonly notes?: readonly string[] },
): Promise<string | undefined> {
  const { account_id: account, lane: job, type, personal } = row;
  if (await hasRun(executor, { account, job }, OPEN_STATUSES)) return undefined;
  const run = { account, job, type, auth: null, config: configOf(row), personal, notes, now };
  return await queueRun(executor, due === undefined ? run : { ...run, due });
}

/** An export whose results are due. */
export type DueExport = Pick<EnabledExportsTable, "account_id" | "id" | "refresh_at">;

/** Finds the exports whose results are due, after `last` where it is told; exported for the test of its plan. */
export function dueExports(executor: Executor, now: number, last?: DueExport) {
  const due = executor.selectFrom("enabled_exports").select(["account_id", "id", "refresh_at"])
    .where("refresh_at", "<=", now);
  return (last === undefined
    ? due
    : due.where(({ eb, refTuple, tuple }) =>
      eb(refTuple("refresh_at", "account_id", "id"), ">", tuple(last.refresh_at, last.account_id, last.id))
    )).orderBy("refresh_at").orderBy("account_id").orderBy("id").limit(AT_ONCE);
}

/**
 * Queues what is due by the clock, and ends what nobody asked for; gives the runs that were queued. `signal` ends it
 * after the export that is being attended to.
 */
export async function attendExports(
  database: Database,
  clock: () => Promise<number> = () => database.now(),
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const since = await clock();
  const queued: string[] = [];
  await eachDue<DueExport>(
    (last) => dueExports(database.kysely, since, last).execute(),
    ({ account_id: account, id }) =>
      database.write(async (transaction) => {
        const settings = await lockExports(transaction, account);
        const now = await clock();
        await endLapsed(transaction, { accountId: account, actor: SYSTEM, database: { now: async () => now } }, now);
        const row = await transaction.selectFrom("enabled_exports").selectAll().where("account_id", "=", account)
          .where("id", "=", id).executeTakeFirst();
        if (row === undefined || row.refresh_at === null || row.refresh_at > now) return;
        const due = row.refresh_at, refresh_at = nextRefresh(settings, now);
        const missed = nextRefresh(settings, due) <= now;
        const notes = missed
          ? ["It was due several times while no process executed runs: this run stands for all"]
          : [];
        const run = await queueRefresh(transaction, row, { now: await database.now(), due, notes });
        if (run !== undefined) queued.push(run);
        await transaction.updateTable("enabled_exports").set({ refresh_at }).where("account_id", "=", account)
          .where("id", "=", id).execute();
      }),
    signal,
  );
  return queued;
}
