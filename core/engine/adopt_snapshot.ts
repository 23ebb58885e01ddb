/**
 * What a commit does with the snapshot of a file that it has passed.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import type { Claim } from "./claim.ts";

/** A snapshot that a commit makes the owner's. */
export interface KeptSnapshot {
  readonly owner: string;
  readonly file: string;
}

/** Makes what was kept the owner's snapshot, in the transaction that commits its file. */
export async function adoptSnapshot(
  transaction: Executor,
  { account, run }: Claim,
  { owner, file, stream }: KeptSnapshot & { readonly stream: number },
  now: number,
): Promise<void> {
  const row = { account_id: account, owner, file, stream_id: stream, run_id: run, created_at: now };
  await transaction.insertInto("snapshots").values(row)
    .onConflict((conflict) => conflict.columns(["account_id", "owner"]).doUpdateSet(row)).execute();
}
