/**
 * Lanes: what stands in the runs of an enabled export for a job, so that they go one after another.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";
import type { RunStatus } from "../../database/tables.ts";
import { newId } from "../ids.ts";

const START = "export-";

/** A new one. */
export function newLane(): string {
  return START + newId();
}

/** Whether what stands in a run for its job is one. */
export function isLane(job: string): boolean {
  return job.startsWith(START);
}

/** Whether there is a run of a lane or job in one of these states. */
export async function hasRun(
  executor: Executor,
  { account, job }: { readonly account: number; readonly job: string },
  statuses: readonly RunStatus[],
): Promise<boolean> {
  const run = await executor.selectFrom("runs").select("id").where("account_id", "=", account)
    .where("job_id", "=", job).where("status", "in", statuses).limit(1).executeTakeFirst();
  return run !== undefined;
}
