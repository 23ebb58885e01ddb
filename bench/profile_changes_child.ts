/**
 * Follows the profile table of a data directory, in a process of its own: `HOME follow|settle|full|changes REPORT`.
 * `full` and `changes` write their rows to a file beside the report, and to the report how many there were and how long
 * it took, from the mark on.
 *
 * @module
 */
import type { Database } from "../core/database/database.ts";
import { openDatabase } from "../core/database/open.ts";
import { currentGeneration } from "../core/engine/generations.ts";
import { openHome } from "../core/engine/home.ts";
import { beginRefresh, finishRefresh, follow, markProfiles, sweepFeed } from "../core/profiles/feed/feed.ts";
import { readChangeRows } from "../core/profiles/feed/read_changes.ts";
import { readProfileRows } from "../core/profiles/feed/read_profiles.ts";
import type { FeedRows } from "../core/profiles/feed/shown_profile.ts";

/** What reading took. */
export interface Reading {
  readonly rows: number;
  readonly seconds: number;
}

const ACCOUNT = 1, TABLE = 1;

/** Tells all there is to tell, and forgets it. */
async function settle(database: Database): Promise<void> {
  for (let round = 0; round < 2; round++) {
    await database.write(async (transaction) => {
      const window = await beginRefresh(transaction, ACCOUNT, TABLE, { requested: true });
      await finishRefresh(transaction, ACCOUNT, TABLE, window!.to);
    });
  }
  await sweepFeed(database, ACCOUNT, TABLE, new AbortController().signal);
}

async function read(database: Database, what: string, path: string): Promise<Reading> {
  const started = performance.now();
  const mark = await database.write(async (transaction) => ({
    at: what === "full" ? await markProfiles(transaction, ACCOUNT, TABLE) : undefined,
    window: what === "full" ? undefined : await beginRefresh(transaction, ACCOUNT, TABLE, { requested: false }),
  }), { unsynced: true });
  const rows = await database.read(async (executor) => {
    const target = await currentGeneration(executor, ACCOUNT, TABLE);
    const pages = mark.window === undefined
      ? readProfileRows(executor, database.kind, { target, at: mark.at })
      : readChangeRows(executor, database.kind, { target, window: mark.window });
    return await write(path, pages);
  });
  return { rows, seconds: (performance.now() - started) / 1_000 };
}

async function write(path: string, pages: AsyncIterable<FeedRows>): Promise<number> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  let count = 0;
  for await (const { bytes, rows } of pages) {
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    count += rows;
  }
  return count;
}

if (import.meta.main) {
  const [folder = "", what = "", report = ""] = Deno.args;
  const { database: address } = await openHome(folder);
  await using database = await openDatabase(address);
  if (what === "follow") await database.write((transaction) => follow(transaction, ACCOUNT, TABLE));
  else if (what === "settle") await settle(database);
  else await Deno.writeTextFile(report, JSON.stringify(await read(database, what, `${report}.jsonl`)));
}
