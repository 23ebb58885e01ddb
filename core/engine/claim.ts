/**
 * A run that this process has claimed, and what each write of it makes sure of: that the claim still holds.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import type { RunStatus } from "../database/tables.ts";

/** How long a claim holds without a heartbeat, in milliseconds. */
export const LEASE = 30_000;

/** How runs stand that have not ended for good. */
export const OPEN_STATUSES: readonly RunStatus[] = ["queued", "running", "held"];

/** A run that this process may work on. */
export interface Claim {
  readonly account: number;
  readonly run: string;
  readonly fence: number;
  /** The saved job it is a run of, if it is one. */
  readonly job?: string;
}

/** Thrown by a write whose claim is no longer the newest. Nothing of it was committed. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";

  constructor(claim: Claim) {
    super(`Run "${claim.run}" was taken over by another process`);
  }
}

/**
 * Makes sure, inside a transaction, that the claim is the newest, and keeps it so until the transaction ends; tells
 * whether the run was asked to stop.
 */
export async function holdFence(executor: Executor, claim: Claim): Promise<{ readonly stopRequested: boolean }> {
  const row = await executor.updateTable("runs").set({ fence: claim.fence })
    .where("account_id", "=", claim.account).where("id", "=", claim.run)
    .where("fence", "=", claim.fence).where("status", "=", "running").returning("stop_requested").executeTakeFirst();
  if (row === undefined) throw new LeaseLost(claim);
  return { stopRequested: row.stop_requested === 1 };
}

/** As {@linkcode holdFence}, for what a run does not begin any more once it was asked to stop (Failure `cancelled`). */
export async function holdUnlessStopped(executor: Executor, claim: Claim): Promise<void> {
  if ((await holdFence(executor, claim)).stopRequested) throw stoppedByRequest();
}

/** How a run ends that was asked to stop. */
export function stoppedByRequest(): Failure {
  return new Failure("cancelled", "The run was stopped by request");
}
