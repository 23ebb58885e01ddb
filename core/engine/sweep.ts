/**
 * Removes what retired generations of profile tables hold, some rows at a time.
 *
 * @module
 */
import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Database } from "../database/database.ts";
import type { Tables } from "../database/tables.ts";

/** Rows that one transaction removes. */
const AT_ONCE = 20_000;

/** Removes some of a generation's rows; gives how many. */
type Removal = (transaction: Transaction<Tables>) => Promise<bigint>;

/** What removes a generation, each until it finds nothing more. */
function removalsOf(account: number, generation: number): readonly Removal[] {
  const mine = sql`account_id = ${account} and table_id = ${generation}`;
  const remove = (statement: RawBuilder<unknown>): Removal => async (transaction) =>
    (await statement.execute(transaction)).numAffectedRows ?? 0n;
  const byId = (name: "profiles" | "profile_stamps" | "profile_merges"): Removal => {
    const table = sql.table(name);
    // Where ids lie side by side, how far to go is told by the first: a look at each row takes a third of its removal.
    let dense = true;
    return async (transaction) => {
      const { rows: [next] } = await sql<{ readonly last: number | null }>`select ${
        dense
          ? sql`min(id) + ${AT_ONCE - 1} as last from ${table} where ${mine}`
          : sql`max(id) as last from (select id from ${table} where ${mine} order by id limit ${AT_ONCE}) as next`
      }`.execute(transaction);
      if (next === undefined || next.last === null) return 0n;
      // Without a query within, SQLite removes rows as it meets them: a third faster than from a list of their keys.
      const removed = await remove(sql`delete from ${table} where ${mine} and id <= ${next.last}`)(transaction);
      dense &&= 2n * removed > AT_ONCE;
      return removed;
    };
  };
  return [
    byId("profile_stamps"),
    byId("profile_merges"),
    byId("profiles"),
    remove(sql`delete from identity_blocks where ${mine}
      and run = (select min(run) from identity_blocks where ${mine})`),
    remove(sql`delete from identity_runs where ${mine}`),
    remove(sql`delete from crowded_profiles where ${mine}`),
  ];
}

/**
 * Removes what the retired generations of an account hold, and at last the generations themselves. Calls `beside` after
 * each transaction.
 */
export async function sweepRetired(
  database: Database,
  account: number,
  signal: AbortSignal,
  beside: () => void = () => {},
): Promise<void> {
  const retired = await database.kysely.selectFrom("generations").select("id")
    .where("account_id", "=", account).where("state", "=", "retired").orderBy("id").execute();
  for (const { id } of retired) {
    for (const remove of removalsOf(account, id)) {
      for (let removed = 1n; removed > 0n && !signal.aborted;) {
        // What is lost where power fails is removed anew: the generation itself goes last, and is on the disk then.
        removed = await database.write(async (transaction) => {
          // One sweep at a time, that of an attempt before with a commit still under way as well: on PostgreSQL rows
          // that another one is removing would look like none left, and what comes after them would stay for good.
          const held = await transaction.updateTable("generations").set({ state: "retired" })
            .where("account_id", "=", account).where("id", "=", id).where("state", "=", "retired").executeTakeFirst();
          if (held.numUpdatedRows === 0n) return 0n;
          return await remove(transaction);
        }, { beside: true, unsynced: true });
        beside();
      }
    }
    if (signal.aborted) return;
    await database.kysely.deleteFrom("generations").where("account_id", "=", account).where("id", "=", id)
      .where("state", "=", "retired").execute();
  }
}
