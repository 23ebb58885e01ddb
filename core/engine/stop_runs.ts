/**
 * Stopping runs: who works on one is asked to stop, and one that nobody works on ends at once.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import type { RunsTable } from "../database/tables.ts";
import { type Alive, isInterrupted } from "./alive.ts";
import { OPEN_STATUSES } from "./claim.ts";

/** How to stop runs. */
export interface StopOptions {
  readonly alive: Alive;
  /** The database's clock. */
  readonly now: number;
  /** Why a run ends that waits in the queue or for approval, and one whose process is gone. */
  readonly because: { readonly queued: string; readonly interrupted: string };
}

/**
 * Stops runs that have not ended, inside a transaction that read them. One that ends at once moves its fence: a process
 * that only slept can commit no more.
 */
export async function stopRuns(
  transaction: Executor,
  runs: readonly RunsTable[],
  { alive, now, because }: StopOptions,
): Promise<void> {
  for (const run of runs) {
    const asked = run.status === "running" && !isInterrupted(run, alive, now);
    const ended = () => ({
      status: "cancelled" as const,
      failure: JSON.stringify(new Failure("cancelled", because[run.status === "running" ? "interrupted" : "queued"])),
      finished_at: now,
      fence: run.fence + 1,
      lease_owner: null,
      lease_until: null,
    });
    await transaction.updateTable("runs").set(asked ? { stop_requested: 1 } : ended())
      .where("account_id", "=", run.account_id).where("id", "=", run.id).where("status", "in", OPEN_STATUSES)
      .execute();
  }
}
