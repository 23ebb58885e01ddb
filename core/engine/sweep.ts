/**
 * Removes what retired generations of profile tables hold, some rows at a time.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import type { Database } from "../database/database.ts";

/** Rows that one transaction removes. */
const AT_ONCE = 20_000;

/** Statements that remove at most {@linkcode AT_ONCE} rows of a generation each; exported for the test of their plans. */
export function sweepStatements(account: number, generation: number): RawBuilder<unknown>[] {
  const mine = sql`account_id = ${account} and table_id = ${generation}`;
  const byId = (table: "profiles" | "profile_stamps" | "profile_merges") =>
    sql`delete from ${sql.table(table)} where ${mine} and id <=
      (select max(id) from (select id from ${sql.table(table)} where ${mine} order by id limit ${AT_ONCE}) as next)`;
  return [
    byId("profile_stamps"),
    byId("profile_merges"),
    byId("profiles"),
    sql`delete from identity_blocks where ${mine} and run = (select min(run) from identity_blocks where ${mine})`,
    sql`delete from identity_runs where ${mine}`,
    sql`delete from crowded_profiles where ${mine}`,
  ];
}

/** Removes what the retired generations of an account hold, and at last the generations themselves. */
export async function sweepRetired(database: Database, account: number, signal: AbortSignal): Promise<void> {
  const retired = await database.kysely.selectFrom("generations").select("id")
    .where("account_id", "=", account).where("state", "=", "retired").orderBy("id").execute();
  for (const { id } of retired) {
    for (const statement of sweepStatements(account, id)) {
      for (let removed = 1n; removed > 0n && !signal.aborted;) {
        removed = await database.write(async (transaction) => {
          // One sweep at a time, that of an attempt before with a commit still under way as well: on PostgreSQL rows
          // that another one is removing would look like none left, and what comes after them would stay for good.
          const held = await transaction.updateTable("generations").set({ state: "retired" })
            .where("account_id", "=", account).where("id", "=", id).where("state", "=", "retired").executeTakeFirst();
          if (held.numUpdatedRows === 0n) return 0n;
          return (await statement.execute(transaction)).numAffectedRows ?? 0n;
        }, { beside: true });
      }
    }
    if (signal.aborted) return;
    await database.kysely.deleteFrom("generations").where("account_id", "=", account).where("id", "=", id)
      .where("state", "=", "retired").execute();
  }
}
