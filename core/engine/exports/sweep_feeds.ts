/**
 * Removes what change feeds keep that nobody follows any more.
 *
 * @module
 */
import type { Database } from "../../database/database.ts";
import { sweepFeed } from "../../profiles/feed/feed.ts";

/** Sweeps them all, some rows at a time. */
export async function sweepFeeds(database: Database): Promise<void> {
  const feeds = await database.kysely.selectFrom("change_feeds").select(["account_id", "table_id"])
    .where("active", "=", 0).orderBy("account_id").orderBy("table_id").execute();
  const { signal } = new AbortController();
  for (const { account_id, table_id } of feeds) await sweepFeed(database, account_id, table_id, signal);
}
