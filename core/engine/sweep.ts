/**
 * Removes what retired generations of profile tables hold, some rows at a time.
 *
 * Nobody reads them any more, and nobody waits for their removal: whoever writes next removes some on the way, whose
 * pages it fills, at half of what that costs alone (ADR 0033). What serves, and erasures, remove what is left.
 *
 * @module
 */
import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Database } from "../database/database.ts";
import type { Tables } from "../database/tables.ts";
import { turn } from "./turns.ts";

/** Rows that one transaction removes at least. */
const AT_ONCE = 20_000;

/** Rows that one transaction of a thread removes that answers others between two. */
const BESIDE_OTHERS = 2_000;

/** Blocks of identities are as large as this many rows. */
const BLOCK_ROWS = 16;

/** Removes about as many of a generation's rows; gives how many, 0 where there are none. */
type Removal = (transaction: Transaction<Tables>, rows: number) => Promise<bigint>;

/** What removes a generation. */
function removalsOf(account: number, generation: number): readonly Removal[] {
  const mine = sql`account_id = ${account} and table_id = ${generation}`;
  const removed = async (transaction: Transaction<Tables>, statement: RawBuilder<unknown>) =>
    (await statement.execute(transaction)).numAffectedRows ?? 0n;
  const byId = (name: "profiles" | "profile_stamps" | "profile_merges"): Removal => {
    const table = sql.table(name);
    // Where ids lie side by side, how far to go is told by the first: a look at each row takes a third of its removal.
    let dense = true;
    return async (transaction, rows) => {
      const { rows: [next] } = await sql<{ readonly last: number | null }>`select ${
        dense
          ? sql`min(id) + ${rows - 1} as last from ${table} where ${mine}`
          : sql`max(id) as last from (select id from ${table} where ${mine} order by id limit ${rows}) as next`
      }`.execute(transaction);
      if (next === undefined || next.last === null) return 0n;
      // Without a query within, SQLite removes rows as it meets them: a third faster than from a list of their keys.
      const count = await removed(transaction, sql`delete from ${table} where ${mine} and id <= ${next.last}`);
      dense &&= 2n * count > BigInt(rows);
      return count;
    };
  };
  const blocks: Removal = async (transaction, rows) => {
    const count = Math.ceil(rows / BLOCK_ROWS);
    const { rows: [next] } = await sql<{ readonly run: number; readonly last: number }>`select run, max(first) as last
      from (select run, first from identity_blocks where ${mine} order by run, first limit ${count}) as next
      group by run order by run limit 1`.execute(transaction);
    if (next === undefined) return 0n;
    const statement = sql`delete from identity_blocks where ${mine} and run = ${next.run} and first <= ${next.last}`;
    return BigInt(BLOCK_ROWS) * await removed(transaction, statement);
  };
  const all = (table: "identity_runs" | "crowded_profiles"): Removal => (transaction) =>
    removed(transaction, sql`delete from ${sql.table(table)} where ${mine}`);
  return [
    byId("profile_stamps"),
    byId("profile_merges"),
    byId("profiles"),
    blocks,
    all("identity_runs"),
    all("crowded_profiles"),
  ];
}

/** The retired generations of an account, for one who writes to it and removes them on the way. */
export class RetiredRows {
  #generations: { readonly id: number; readonly removals: readonly Removal[] }[] | undefined;

  constructor(private readonly account: number) {}

  /**
   * Removes about as many rows of one of them, and the generation itself where that was all. Gives whether there may be
   * more. Which ones there are is looked up at the first call.
   */
  async remove(transaction: Transaction<Tables>, rows: number): Promise<boolean> {
    this.#generations ??= await this.#find(transaction);
    const [first] = this.#generations;
    if (first === undefined) return false;
    const generation = transaction.updateTable("generations").set({ state: "retired" })
      .where("account_id", "=", this.account).where("id", "=", first.id).where("state", "=", "retired");
    // One at a time, a commit still under way of somebody cut off as well: on PostgreSQL rows that another one is
    // removing would look like none left, and what comes after them would stay for good.
    if ((await generation.executeTakeFirst()).numUpdatedRows > 0n) {
      let left = rows;
      for (const remove of first.removals) {
        for (let removed = 1n; removed > 0n; left -= Number(removed)) {
          if (left <= 0) return true;
          removed = await remove(transaction, left);
        }
      }
      await transaction.deleteFrom("generations").where("account_id", "=", this.account).where("id", "=", first.id)
        .execute();
    }
    this.#generations.shift();
    return this.#generations.length > 0;
  }

  /** Removes as many as make room for what `events` events write, in the transaction that writes them. */
  async makeRoom(transaction: Transaction<Tables>, events: number): Promise<void> {
    await this.remove(transaction, Math.max(AT_ONCE, events));
  }

  async #find(transaction: Transaction<Tables>) {
    const retired = await transaction.selectFrom("generations").select("id")
      .where("account_id", "=", this.account).where("state", "=", "retired").orderBy("id").execute();
    return retired.map(({ id }) => ({ id, removals: removalsOf(this.account, id) }));
  }
}

/** Removes all retired generations of an account. */
export async function sweepRetired(
  database: Database,
  account: number,
  { signal, rows = AT_ONCE }: { readonly signal?: AbortSignal; readonly rows?: number } = {},
): Promise<void> {
  const retired = new RetiredRows(account);
  for (let more = true; more && signal?.aborted !== true;) {
    // What is lost where power fails is removed anew.
    more = await database.write((transaction) => retired.remove(transaction, rows), { beside: true, unsynced: true });
    await turn();
  }
}

/** Removes those of all accounts, on a thread that answers others meanwhile. */
export async function sweepAllRetired(database: Database): Promise<void> {
  const accounts = await database.kysely.selectFrom("generations").select("account_id").distinct()
    .where("state", "=", "retired").orderBy("account_id").execute();
  for (const { account_id } of accounts) await sweepRetired(database, account_id, { rows: BESIDE_OTHERS });
}
