/**
 * Notices that do not arrive.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";

/** Tries after which a notice is stuck. */
const TRIES = 2;

/** Milliseconds after which it is, though nobody tried: no server runs. */
const UNTRIED = 600_000;

/** Some that are stuck, of one account and one way to tell. */
export interface StuckNotices {
  readonly account: string;
  readonly channel: "mail" | "webhook";
  readonly count: number;
  /** When the oldest was noted, in milliseconds. */
  readonly oldest: number;
  /** Tries of the one that was tried most. */
  readonly attempts: number;
}

/** Notices that were tried in vain, or by nobody for ten minutes; the account with the oldest first. */
export async function stuckNotices(executor: Executor, now: number): Promise<readonly StuckNotices[]> {
  return await executor.selectFrom("notices").innerJoin("accounts", "accounts.id", "notices.account_id")
    .select(({ fn }) => [
      "accounts.name as account",
      "notices.channel",
      fn.countAll<number>().as("count"),
      fn.min("notices.created_at").as("oldest"),
      fn.max("notices.attempts").as("attempts"),
    ])
    .where(({ or, eb }) => or([eb("attempts", ">=", TRIES), eb("notices.created_at", "<", now - UNTRIED)]))
    .groupBy(["accounts.name", "notices.channel"]).orderBy("oldest").orderBy("notices.channel").execute();
}
