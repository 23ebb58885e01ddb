/**
 * Notes what profiles are before they change, where somebody follows their table.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import type { Executor } from "../../database/database.ts";
import { statement } from "../../database/statement.ts";
import type { Target } from "../mapping.ts";
import type { ProfileScope } from "../statements.ts";

/** Under what the changes of a followed table are noted. */
export interface OpenFeed {
  /** The profile table, whichever its generation. */
  readonly table: number;
  readonly epoch: number;
  /** Profiles that have this or a greater id were made in the epoch: of them nothing is noted. */
  readonly position: number;
  /** Profiles that the epoch has noted with what they became. */
  readonly kept: number;
}

/**
 * How many profiles an epoch notes with what they became: what it saves whoever reads them is a page of the table each,
 * as long as they are few of it; what it costs whoever changes them is a fifth of the time.
 */
export function mostKept({ position }: OpenFeed): number {
  return Math.max(1_000, position / 50);
}

/**
 * What an insert does where something is noted already under its epoch: that stays, but what the profile had become is it
 * no more.
 */
export const NOTED_ALREADY = `on conflict (account_id, table_id, id, epoch)
  do update set after = null where profile_changes.after is not null`;

const findFeed = statement<{ account: number; generation: number }, OpenFeed>(
  ["account", "generation"],
  (executor, { account, generation }) =>
    executor.selectFrom("generations").innerJoin(
      "change_feeds",
      (join) =>
        join.onRef("change_feeds.account_id", "=", "generations.account_id")
          .onRef("change_feeds.table_id", "=", "generations.table_id"),
    ).select(["change_feeds.table_id as table", "epoch", "position", "kept"])
      .where("generations.account_id", "=", account).where("generations.id", "=", generation)
      .where("generations.state", "=", "current").where("active", "=", 1),
);

/**
 * The feed that changes of a generation's profiles are noted for; undefined where nobody follows its table, or it is not
 * the current one. To be asked in the transaction that changes them, once it holds the account's row.
 */
export async function openFeed(executor: Executor, { account, table }: ProfileScope): Promise<OpenFeed | undefined> {
  const [feed] = await findFeed(executor, { account, generation: table });
  return feed;
}

/**
 * Has nothing kept of what erased profiles were, nor of those that became part of them: to be called before they are
 * removed, with the rows that say so. That they were there is kept.
 */
export async function noteErased(
  transaction: Executor,
  { scope, table }: Pick<Target, "scope" | "table">,
  ids: readonly number[],
): Promise<void> {
  const { account } = scope;
  const list = sql`(${sql.join([...ids])})`;
  const feed = await openFeed(transaction, scope);
  if (feed !== undefined) {
    await sql`insert into profile_changes (account_id, table_id, id, epoch, existed)
      select ${sql.lit(account)}, ${sql.lit(feed.table)}, id, ${sql.lit(feed.epoch)}, 1 from profiles
      where account_id = ${account} and table_id = ${scope.table} and id in ${list} and id < ${feed.position}
      on conflict do nothing`.execute(transaction);
  }
  const forget = (which: RawBuilder<unknown>) =>
    sql`update profile_changes set before = null, after = null where account_id = ${account} and table_id = ${table}
      and id in ${which}`.execute(transaction);
  await forget(list);
  await forget(sql`(select id from profile_merges
    where account_id = ${account} and table_id = ${scope.table} and into_id in ${list})`);
}
