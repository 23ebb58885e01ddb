/**
 * What the end of a run means for the enabled export that it makes the results of.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";
import type { EnabledExportsTable } from "../../database/tables.ts";
import { finishRefresh } from "../../profiles/feed/feed.ts";
import { isLane } from "./lanes.ts";

/** How long a link is good, in milliseconds: 48 hours. */
export const LINK = 48 * 3_600_000;

/**
 * Puts the file of a run that succeeded in the place of the results before, in the transaction that ends the run. Those stay
 * for as long as a link to them is good.
 */
export async function noteResults(
  executor: Executor,
  { account, run }: { readonly account: number; readonly run: string },
  now: number,
): Promise<void> {
  const { job_id: lane, rows_exported: rows } = await executor.selectFrom("runs").select(["job_id", "rows_exported"])
    .where("account_id", "=", account).where("id", "=", run).executeTakeFirstOrThrow();
  if (lane === null || !isLane(lane)) return;
  const row = await executor.selectFrom("enabled_exports").selectAll().where("account_id", "=", account)
    .where("lane", "=", lane).executeTakeFirst();
  if (row === undefined) return;
  const made = await executor.selectFrom("artifacts").select(["id", "expires_at"]).where("account_id", "=", account)
    .where("run_id", "=", run).where("kind", "=", "export").where("size", "is not", null)
    .where("ended_at", "is", null).executeTakeFirst();
  // An erasure came between: the next request has them made again.
  if (made === undefined) return;
  await endBefore(executor, row, made.id, now);
  await executor.updateTable("artifacts").set({ expires_at: wholeSecond(row.lapses_at ?? made.expires_at) })
    .where("account_id", "=", account).where("id", "=", made.id).execute();
  await executor.updateTable("enabled_exports")
    .set({ artifact_id: made.id, results_at: now, results_rows: rows, results_requested: 0 })
    .where("account_id", "=", account).where("id", "=", row.id).execute();
  const { reach_epoch: epoch, reach_position: position } = row;
  if (epoch === null || position === null) return;
  await finishRefresh(executor, account, Number(row.source_id), { epoch, position });
}

async function endBefore(
  executor: Executor,
  { account_id, artifact_id, requested_at, results_requested }: EnabledExportsTable,
  made: string,
  now: number,
): Promise<void> {
  if (artifact_id === null || artifact_id === made) return;
  const until = results_requested === 1 ? wholeSecond((requested_at ?? now) + LINK) : now;
  const before = executor.updateTable("artifacts").where("account_id", "=", account_id).where("id", "=", artifact_id)
    .where("ended_at", "is", null);
  if (until > now) await before.set({ expires_at: until }).where("expires_at", ">", until).execute();
  else await before.set({ ended_at: now, ended_because: "replaced" }).execute();
}

/** Artifacts end with a whole second. */
export function wholeSecond(time: number): number {
  return Math.ceil(time / 1_000) * 1_000;
}
