/**
 * One commit of an export: the position reached and what was delivered with it, under the run's fence.
 *
 * @module
 */
import type { Delivered } from "../../contracts/export_job.ts";
import type { JsonValue } from "../../contracts/records.ts";
import type { Database } from "../../database/database.ts";
import { type Claim, holdUnlessStopped, LEASE } from "../claim.ts";

/** Throws `LeaseLost` where another process has taken the run over, a Failure `cancelled` where it was asked to stop. */
export async function commitExport(
  database: Database,
  claim: Claim,
  checkpoint: JsonValue,
  delivered: Delivered | undefined,
): Promise<void> {
  const now = await database.now();
  await database.write(async (transaction) => {
    await holdUnlessStopped(transaction, claim);
    await transaction.updateTable("runs").set({
      checkpoint: JSON.stringify(checkpoint),
      lease_until: now + LEASE,
      ...(delivered && {
        rows_exported: delivered.rows,
        bytes: delivered.bytes,
        path: delivered.path ?? null,
      }),
    }).where("account_id", "=", claim.account).where("id", "=", claim.run).execute();
  }, { beside: true });
}
