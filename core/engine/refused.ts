/**
 * Whose events an import must not take.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import { namingTarget } from "../profiles/event_identities.ts";
import type { Erased } from "../profiles/refusals.ts";
import { currentGeneration } from "./generations.ts";

/** The erased identities of an account's profile tables, and what tells whom an event of a stream names. */
export async function erasedFor(
  executor: Executor,
  account: number,
  stream: number,
  key: Uint8Array,
): Promise<Erased[]> {
  const rows = await executor.selectFrom("erased_identities").select(["table_id", "key"]).distinct()
    .where("account_id", "=", account).execute();
  const tables = Map.groupBy(rows, ({ table_id }) => table_id);
  return await Promise.all(Array.from(tables, async ([table, erased]) => ({
    naming: namingTarget(await currentGeneration(executor, account, table), key, stream),
    keys: new Set(erased.map(({ key }) => BigInt(`0x${key}`))),
  })));
}
