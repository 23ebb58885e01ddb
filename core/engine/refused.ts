/**
 * Whose events an import must not take.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import { namingTarget } from "../profiles/event_identities.ts";
import type { Erased } from "../profiles/refusals.ts";
import { erasedTargets } from "./erased_targets.ts";

/** No stream has this id: it stands for rows that are no events, such as those of lists. */
export const NO_STREAM = 0;

/**
 * The erased identities of an account's profile tables, and what tells whom an event of a stream names: where a table
 * has named them by several definitions, once for each.
 */
export async function erasedFor(
  executor: Executor,
  account: number,
  stream: number,
  key: Uint8Array,
): Promise<Erased[]> {
  const rows = await executor.selectFrom("erased_identities").select(["table_id", "key"]).distinct()
    .where("account_id", "=", account).execute();
  if (rows.length === 0) return [];
  const kept = await executor.selectFrom("erasures").select(["table_id", "definitions"]).distinct()
    .where("account_id", "=", account).where("definitions", "is not", null).execute();
  const tables = Map.groupBy(rows, ({ table_id }) => table_id);
  const erased = await Promise.all(Array.from(tables, async ([table, own]) => {
    const keys = new Set(own.map(({ key }) => BigInt(`0x${key}`)));
    const lists = kept.flatMap(({ table_id, definitions }) => table_id === table ? [definitions] : []);
    const targets = await erasedTargets(executor, account, table, lists);
    return targets.map((target) => ({ naming: namingTarget(target, key, stream), keys }));
  }));
  return erased.flat();
}
