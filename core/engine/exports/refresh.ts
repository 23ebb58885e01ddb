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
import { endLapsed, lockExports, nextRefresh } from "./enabled_rows.ts";
import { configOf } from "./export_sources.ts";
import { hasRun } from "./lanes.ts";

/** Exports that one look attends to. */
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

/** Finds the exports whose results are due; exported for the test of its plan. */
export function dueExports(executor: Executor, now: number) {
  return executor.selectFrom("enabled_exports").select(["account_id", "id"]).where("refresh_at", "<=", now)
    .orderBy("refresh_at").limit(AT_ONCE);
}

/** Queues what is due by the clock, and ends what nobody asked for; gives the runs that were queued. */
export async function attendExports(
  database: Database,
  clock: () => Promise<number> = () => database.now(),
): Promise<readonly string[]> {
  const queued: string[] = [], errors: unknown[] = [];
  for (const { account_id: account, id } of await dueExports(database.kysely, await clock()).execute()) {
    await database.write(async (transaction) => {
      const settings = await lockExports(transaction, account);
      const now = await clock();
      await endLapsed(transaction, { accountId: account, actor: SYSTEM, database: { now: async () => now } }, now);
      const row = await transaction.selectFrom("enabled_exports").selectAll().where("account_id", "=", account)
        .where("id", "=", id).executeTakeFirst();
      if (row === undefined || row.refresh_at === null || row.refresh_at > now) return;
      const due = row.refresh_at, refresh_at = nextRefresh(settings, now);
      const missed = nextRefresh(settings, due) <= now;
      const notes = missed ? ["It was due several times while no process executed runs: this run stands for all"] : [];
      const run = await queueRefresh(transaction, row, { now: await database.now(), due, notes });
      if (run !== undefined) queued.push(run);
      await transaction.updateTable("enabled_exports").set({ refresh_at }).where("account_id", "=", account)
        .where("id", "=", id).execute();
      // One export's trouble keeps no other from its time.
    }).catch((error) => errors.push(error));
  }
  if (errors.length > 0) throw errors[0];
  return queued;
}
