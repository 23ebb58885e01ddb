/**
 * One commit of a task: its work, the position reached, counts and fence in one transaction.
 *
 * @module
 */
import type { Transaction } from "kysely";
import type { Database, WriteOptions } from "../database/database.ts";
import type { Tables } from "../database/tables.ts";
import { type Claim, holdUnlessStopped, LEASE } from "./claim.ts";
import type { TaskStep } from "./task.ts";

/**
 * Commits what `work` does and the position that it gives. Throws `LeaseLost` where another process has taken the run
 * over, a Failure `cancelled` where it was asked to stop; nothing of the commit is done then. One that is `unsynced` may be
 * lost where power fails: the task goes on from the position before it then.
 */
export async function commitTask(
  database: Database,
  claim: Claim,
  work: (transaction: Transaction<Tables>) => Promise<TaskStep>,
  { unsynced = false }: Pick<WriteOptions, "unsynced"> = {},
): Promise<void> {
  const now = await database.now();
  await database.write(async (transaction) => {
    await holdUnlessStopped(transaction, claim);
    const { checkpoint, read = 0, profilesCreated = 0, profilesUpdated = 0 } = await work(transaction);
    await transaction.updateTable("runs").set((set) => ({
      checkpoint: JSON.stringify(checkpoint),
      // Heartbeats pass over a run whose row is locked.
      lease_until: now + LEASE,
      rows_read: set("rows_read", "+", read),
      accepted: set("accepted", "+", read),
      profiles_created: set("profiles_created", "+", profilesCreated),
      profiles_updated: set("profiles_updated", "+", profilesUpdated),
    })).where("account_id", "=", claim.account).where("id", "=", claim.run).execute();
  }, { beside: true, unsynced });
}
