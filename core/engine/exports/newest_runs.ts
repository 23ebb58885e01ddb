/**
 * What became of the runs that make the results of an enabled export.
 *
 * @module
 */
import type { FailureJson } from "../../contracts/failure.ts";
import { parseJson } from "../../contracts/json.ts";
import type { Executor } from "../../database/database.ts";
import type { EnabledExportsTable, RunsTable } from "../../database/tables.ts";
import { OPEN_STATUSES } from "../claim.ts";

/** A run that makes, or made, results. */
export interface ExportRun {
  readonly id: string;
  readonly status: RunsTable["status"];
  /** Why it failed; null unless it did. */
  readonly failure: string | null;
}

/** The newest run of those that have one, by the export's id. */
export async function newestRuns(
  executor: Executor,
  rows: readonly EnabledExportsTable[],
): Promise<ReadonlyMap<number, ExportRun>> {
  const found = new Map<number, ExportRun>();
  for (const row of rows) {
    const run = row.lane === "" ? undefined : await newest(executor, row).executeTakeFirst();
    if (run !== undefined) found.set(row.id, { ...run, failure: messageOf(run) });
  }
  return found;
}

/** Whether the last attempt at results of an export failed: of its runs that came to an end, the newest. */
export async function failedLast(executor: Executor, row: EnabledExportsTable): Promise<boolean> {
  const ended = await newest(executor, row).where("status", "not in", OPEN_STATUSES).executeTakeFirst();
  return ended?.status === "failed";
}

function newest(executor: Executor, { account_id, lane }: EnabledExportsTable) {
  return executor.selectFrom("runs").select(["id", "status", "failure"]).where("account_id", "=", account_id)
    .where("job_id", "=", lane).orderBy("created_at", "desc").orderBy("id", "desc").limit(1);
}

function messageOf({ status, failure }: Pick<RunsTable, "status" | "failure">): string | null {
  return status !== "failed" || failure === null ? null : parseJson<FailureJson>(failure).message;
}
