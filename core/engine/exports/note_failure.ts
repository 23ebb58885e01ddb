/**
 * What the failure of a run means for the enabled export whose results it was to make.
 *
 * @module
 */
import type { FailureJson } from "../../contracts/failure.ts";
import type { Executor } from "../../database/database.ts";
import type { EnabledExportsTable } from "../../database/tables.ts";
import { notice } from "../notify/notices.ts";
import { tellable } from "../notify/tellable.ts";
import { isLane } from "./lanes.ts";

/**
 * Has people told, in the transaction that ends the run, that the results of a day could not be made. Of a run that a
 * request began nobody is told: its caller sees it.
 */
export async function noteRefreshFailure(
  executor: Executor,
  { account, run }: { readonly account: number; readonly run: string },
  failure: FailureJson,
  now: number,
): Promise<void> {
  const { job_id: lane, due_at: due } = await executor.selectFrom("runs").select(["job_id", "due_at"])
    .where("account_id", "=", account).where("id", "=", run).executeTakeFirstOrThrow();
  if (lane === null || !isLane(lane) || due === null) return;
  const row = await executor.selectFrom("enabled_exports").select(["id", "type", "source_id", "variant", "results_at"])
    .where("account_id", "=", account).where("lane", "=", lane).executeTakeFirst();
  const name = row === undefined ? undefined : await nameOf(executor, account, row);
  if (row === undefined || name === undefined) return;
  const said = tellable(failure, run);
  const kept = row.results_at === null ? "" : "; the results before are still there";
  const label = `${row.type} ${name} (${row.variant})`;
  await notice(executor, {
    account,
    event: "export_failed",
    job: { id: String(row.id), label },
    run,
    message: `The results of ${label} could not be made: ${said.message}${kept}`,
    hint: said.hint,
    now,
  });
}

/**
 * What the audience or profile table is called that an export is of; undefined where it is gone. Read by itself: who ends
 * a run loads nothing of what finds the sources of exports.
 */
async function nameOf(
  executor: Executor,
  account: number,
  { type, source_id }: Pick<EnabledExportsTable, "type" | "source_id">,
): Promise<string | undefined> {
  const source = await executor.selectFrom(type === "audience-export" ? "audiences" : "profile_tables").select("name")
    .where("account_id", "=", account).where("id", "=", Number(source_id)).executeTakeFirst();
  return source?.name;
}
