import assert from "node:assert/strict";
import { memorySpool } from "../codecs/spool_memory.ts";
import type { Row } from "../contracts/records.ts";
import type { Database } from "../database/database.ts";
import { openDatabase } from "../database/open.ts";
import { RETRY_PAUSE } from "../database/sqlite_connection.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { beginRefresh, finishRefresh, follow, markProfiles, sweepFeed } from "../profiles/feed/feed.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import {
  applyChanges,
  assertSame,
  changeRows,
  fullRows,
  type Profiles,
  profilesIn,
  readFull,
} from "./change_feed_testing.ts";
import { newId } from "./ids.ts";
import { ImportCommits } from "./import_commit.ts";
import { addRun, type ImportPeer, startImport } from "./import_testing.ts";
import { claimRun } from "./queue.ts";
import { turn } from "./turns.ts";

/** Whether rows are wanted, until a writer fails; and how often some were written. */
interface Writing {
  wanted: boolean;
  commits: number;
}

/** Imports rows over a connection of its own, as another process would, for as long as somebody wants more of them. */
async function write(peer: ImportPeer, database: Database, seed: number, writing: Writing): Promise<void> {
  const run = await addRun(database);
  const claim = await claimRun(database, newId(), [run]);
  assert(claim !== undefined);
  const statements = statementsFor(database.kind);
  const commits = new ImportCommits(database, statements, peer.archive, claim, peer.place, memorySpool());
  try {
    for (const rows of batches(seed)) {
      if (!writing.wanted) return;
      await commits.commit(peer.batch(rows));
      writing.commits++;
      // The other one and the exports share the thread: without a pause they would always find the database taken.
      await pause();
    }
  } finally {
    writing.wanted = false;
  }
}

/** For longer than others sleep who found the database taken. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE));
}

/** Rows about 40 people, many of whom turn out to be one: without end. */
function* batches(seed: number): Generator<Row[]> {
  let state = seed;
  const next = (below: number) => (state = state * 48_271 % 2_147_483_647) % below;
  for (let batch = 0;; batch++) {
    yield Array.from({ length: 1 + next(20) }, () => ({
      fields: { id: `p${next(40)}`, ...(next(8) === 0 ? { email: `e${next(30)}@x.org` } : {}), n: String(next(99)) },
      time: 10 * batch + next(100),
    }));
  }
}

onEachDatabase("nothing is missed of what two connections write while exports are taken", async (databases) => {
  await using peer = await startImport(databases);
  const { database } = peer;
  await database.write((transaction) => follow(transaction, 1, 1));
  await using one = await openDatabase(peer.address);
  await using other = await openDatabase(peer.address);
  const replicas: Profiles[] = [new Map()];
  const refresh = async () => {
    const { window, expected } = await database.write(async (transaction) => {
      const window = await beginRefresh(transaction, 1, 1, { requested: true });
      return { window: window!, expected: await profilesIn(transaction) };
    });
    const rows = await changeRows(database, window);
    await database.write((transaction) => finishRefresh(transaction, 1, 1, window.to));
    for (const replica of replicas) {
      applyChanges(replica, rows);
      assertSame(replica, expected, JSON.stringify(window));
    }
    await sweepFeed(database, 1, 1, new AbortController().signal);
    return rows.length;
  };
  const writing: Writing = { wanted: true, commits: 0 };
  const writers = [write(peer, one, 11, writing), write(peer, other, 12, writing)];
  try {
    // Some files that tell of something, with an export of everything after each.
    for (let told = 0; told < 3 && writing.wanted;) {
      if (await refresh() > 0) told++;
      const { at, expected } = await database.write(async (transaction) => {
        const at = await markProfiles(transaction, 1, 1);
        return { at, expected: await profilesIn(transaction) };
      });
      const replica = readFull(await fullRows(database, at));
      assertSame(replica, expected, "full");
      replicas.splice(1, replicas.length > 3 ? 1 : 0);
      replicas.push(replica);
      // On SQLite nothing here waits for anything, and those who write would hardly ever find the database free.
      const { commits } = writing;
      while (writing.wanted && writing.commits === commits) await turn();
    }
  } finally {
    writing.wanted = false;
    await Promise.all(writers);
  }
  await refresh();
  assertSame(replicas[0]!, await profilesIn(database.kysely), "at the end");
});
