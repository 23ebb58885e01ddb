/**
 * Change feeds: which profile tables somebody follows, and how far they have told it (ADR 0028).
 *
 * A feed's time is cut into epochs. While a table is followed, each batch notes what the profiles were that it changes,
 * once an epoch. Whoever reads begins a new epoch first, so that what a table was at the end of any epoch can be read
 * for as long as what was noted since is kept, whatever is written meanwhile.
 *
 * Everything that changes a feed locks the account's row first, as imports do, and so should be the first that its
 * transaction does.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import type { Database, Executor } from "../../database/database.ts";
import type { ChangeFeedsTable } from "../../database/tables.ts";

/** A moment of a profile table: the end of an epoch of its feed. */
export interface FeedMark {
  readonly epoch: number;
  /** Archive position: profiles that have it or a greater one as id are of later epochs. */
  readonly position: number;
}

/** The changes from one moment to another: later than `from`, up to `to`. */
export interface FeedWindow {
  readonly from: FeedMark;
  readonly to: FeedMark;
}

/** Rows that one transaction of {@linkcode sweepFeed} looks at. */
const AT_ONCE = 20_000;

/**
 * Has changes of a table noted from here on; nothing happens where they are already. The first results tell of every
 * profile there is. `table` is the `profiledb_id`, here and below.
 */
export async function follow(transaction: Executor, account: number, table: number): Promise<void> {
  await lockAccount(transaction, account);
  const feed = await feedOf(transaction, account, table);
  if (feed?.active === 1) return;
  // All profiles count as made in the first epoch, so nothing needs to be noted before the first results.
  const epoch = (feed?.epoch ?? 0) + 1;
  const fresh = {
    active: 1,
    epoch,
    position: 0,
    kept: 0,
    cursor_epoch: epoch - 1,
    cursor_position: 0,
    results_epoch: null,
    results_position: null,
    past_sums: "[]",
  };
  if (feed === undefined) {
    await transaction.insertInto("change_feeds").values({ account_id: account, table_id: table, ...fresh }).execute();
  } else await updateFeed(transaction, account, table, fresh);
}

/** Notes no changes any more. What is kept of them goes with the next {@linkcode sweepFeed}. */
export async function unfollow(transaction: Executor, account: number, table: number): Promise<void> {
  await lockAccount(transaction, account);
  await updateFeed(transaction, account, table, { active: 0 });
}

/**
 * Begins results: gives the changes that they are to tell, and ends the epoch with it. Undefined where nobody follows
 * the table. Commit it before you hold the state that `readChangeRows` reads.
 *
 * `requested`: whether the results that {@linkcode finishRefresh} noted last were requested: then the new ones go on
 * where those ended, else where those began. An attempt that fails may simply begin again. `moves`: whether the results
 * after these count from there too: not for those that are nobody's next.
 */
export async function beginRefresh(
  transaction: Executor,
  account: number,
  table: number,
  { requested, moves = true }: { readonly requested: boolean; readonly moves?: boolean },
): Promise<FeedWindow | undefined> {
  const position = await lockAccount(transaction, account);
  const feed = await feedOf(transaction, account, table);
  if (feed === undefined || feed.active === 0) return undefined;
  const { epoch, results_epoch, results_position } = feed;
  const from = requested && results_epoch !== null && results_position !== null
    ? { epoch: results_epoch, position: results_position }
    : { epoch: feed.cursor_epoch, position: feed.cursor_position };
  const cursor = moves ? from : { epoch: feed.cursor_epoch, position: feed.cursor_position };
  await endEpoch(transaction, feed, position, cursor);
  return { from, to: { epoch, position } };
}

/** Notes how far results reach, in the transaction that publishes them. */
export async function finishRefresh(
  transaction: Executor,
  account: number,
  table: number,
  to: FeedMark,
): Promise<void> {
  await updateFeed(transaction, account, table, { results_epoch: to.epoch, results_position: to.position });
}

/**
 * Ends the epoch for an export of all profiles, which then shows the table as it is at that moment: results that begin
 * before it and end after it lead from there to where they end. Undefined where nobody follows the table.
 */
export async function markProfiles(
  transaction: Executor,
  account: number,
  table: number,
): Promise<FeedMark | undefined> {
  const position = await lockAccount(transaction, account);
  const feed = await feedOf(transaction, account, table);
  if (feed === undefined || feed.active === 0) return undefined;
  await endEpoch(transaction, feed, position, { epoch: feed.cursor_epoch, position: feed.cursor_position });
  return { epoch: feed.epoch, position };
}

/**
 * Removes what a feed keeps and nobody can ask for any more: what was noted up to its cursor, and all of a table that
 * nobody follows. Some rows at a time; may be stopped, and called again. For after results, and after `unfollow`.
 */
export async function sweepFeed(
  database: Database,
  account: number,
  table: number,
  signal: AbortSignal,
): Promise<void> {
  const feed = await feedOf(database.kysely, account, table);
  if (feed === undefined) return;
  const until = feed.active === 1 ? feed.cursor_epoch : feed.epoch;
  for (let after = -1; !signal.aborted;) {
    const { rows: [page] } = await sweepPage(account, table, after).execute(database.kysely);
    if (page === undefined || page.last === null || page.oldest === null) return;
    const { last, oldest } = page;
    if (oldest <= until) {
      await database.write(
        (transaction) => sweepStatement(account, table, { after, last, until }).execute(transaction),
        { beside: true },
      );
    }
    after = last;
  }
}

/** What a sweep looks at next. */
interface SweepPage {
  /** Its last profile, and its oldest epoch; null where nothing is left. */
  readonly last: number | null;
  readonly oldest: number | null;
}

/** What is looked at after a profile; exported for the test of its plan. */
export function sweepPage(account: number, table: number, after: number): RawBuilder<SweepPage> {
  return sql<SweepPage>`select max(id) as last, min(epoch) as oldest from (select id, epoch from profile_changes
    where account_id = ${account} and table_id = ${table} and id > ${after} order by id limit ${AT_ONCE}) as next`;
}

/** Removes what was noted of some profiles up to an epoch; exported for the test of its plan. */
export function sweepStatement(
  account: number,
  table: number,
  { after, last, until }: { readonly after: number; readonly last: number; readonly until: number },
): RawBuilder<unknown> {
  return sql`delete from profile_changes where account_id = ${account} and table_id = ${table}
    and id > ${after} and id <= ${last} and epoch <= ${until}`;
}

// Statements that somebody waits for are written out: to put one together the first time takes longer than to run it.

/** Waits for whoever writes profiles of the account, keeps others from it, and gives its next archive position. */
async function lockAccount(transaction: Executor, account: number): Promise<number> {
  const { rows: [locked] } = await sql<{ next_position: number }>`update accounts set next_position = next_position
    where id = ${account} returning next_position`.execute(transaction);
  return locked!.next_position;
}

/** Whether somebody follows a table: its changes are noted. */
export async function isFollowed(executor: Executor, account: number, table: number): Promise<boolean> {
  return (await feedOf(executor, account, table))?.active === 1;
}

async function feedOf(executor: Executor, account: number, table: number): Promise<ChangeFeedsTable | undefined> {
  const { rows: [feed] } = await sql<ChangeFeedsTable>`select * from change_feeds
    where account_id = ${account} and table_id = ${table}`.execute(executor);
  return feed;
}

/** Ends an epoch at a position, and moves the feed's cursor. */
async function endEpoch(
  transaction: Executor,
  { account_id, table_id, epoch }: ChangeFeedsTable,
  position: number,
  cursor: FeedMark,
): Promise<void> {
  await sql`update change_feeds set epoch = ${epoch + 1}, position = ${position}, kept = 0,
      cursor_epoch = ${cursor.epoch}, cursor_position = ${cursor.position}
    where account_id = ${account_id} and table_id = ${table_id}`.execute(transaction);
}

async function updateFeed(
  transaction: Executor,
  account: number,
  table: number,
  change: Partial<ChangeFeedsTable>,
): Promise<void> {
  await transaction.updateTable("change_feeds").set(change).where("account_id", "=", account)
    .where("table_id", "=", table).execute();
}
