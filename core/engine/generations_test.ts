import assert from "node:assert/strict";
import { sql } from "kysely";
import { alteredDatabase } from "../database/altered_testing.ts";
import type { Database, Executor } from "../database/database.ts";
import { openDatabase } from "../database/open.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { erasures, importRows, makeCities, person } from "./erasure_testing.ts";
import { type ImportPeer, readRun, remap, startImport } from "./import_testing.ts";
import type { MigrationContext } from "../database/migration.ts";
import { waitingReplays } from "../database/migrations/waiting_replays.ts";
import { followMappings } from "./generations.ts";
import { storeOf } from "./store_testing.ts";
import { executeTask } from "./task_testing.ts";

/** Resolves once a connection waits for a lock of another. */
async function untilOneWaits({ kysely }: Database): Promise<void> {
  const find = sql<{ pid: number }>`select pid from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await find.execute(kysely)).rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

/**
 * The peer, whose first write that leaves `isReached` true waits with its commit for a process that changes the mapping
 * to wait for it; `changed` gives the replay of that change.
 */
function changedMeanwhile(
  peer: ImportPeer,
  other: Database,
  lql: string,
  isReached: (transaction: Executor) => Promise<boolean>,
): { readonly peer: ImportPeer; readonly changed: () => Promise<string | undefined> } {
  let changing: Promise<string | undefined> | undefined;
  const database = alteredDatabase(peer.database, {
    write: (work, options) =>
      peer.database.write(async (transaction) => {
        const result = await work(transaction);
        if (changing === undefined && await isReached(transaction)) {
          changing = remap({ database: other }, lql);
          changing.catch(() => {});
          await untilOneWaits(peer.database);
        }
        return result;
      }, options),
  });
  return { peer: { ...peer, database }, changed: async () => await (changing ?? assert.fail("nothing changed")) };
}

const FIRST = "SELECT id, name FROM people INTO user BY id";

onEachDatabase("a mapping that is changed back while its replay ends is replayed once more", async (databases) => {
  // SQLite has one writer at a time.
  if (databases.kind === "sqlite") return;
  await using peer = await startImport(databases, { lql: FIRST });
  await importRows(peer, [{ fields: { id: "1", name: "Ann" } }], 1);
  const replay = await remap(peer, "SELECT id, name AS called FROM people INTO user BY id");
  await using other = await openDatabase(peer.address);
  const { changed, ...altered } = changedMeanwhile(peer, other, FIRST, async (transaction) => {
    const { id } = await transaction.selectFrom("generations").select("id").where("state", "=", "current")
      .executeTakeFirstOrThrow();
    return id > 1;
  });
  assert.equal(
    await executeTask(altered.peer, replay!),
    "succeeded",
    (await readRun(peer.database, replay!)).failure ?? "",
  );
  assert.equal(await executeTask(peer, (await changed())!), "succeeded");
  assert.deepEqual((await storeOf(peer)).profiles.map(({ attributes }) => attributes), ['{"id":"1","name":"Ann"}']);
});

onEachDatabase(
  "a mapping that is changed while an erasure begins its table anew takes its place",
  async (databases) => {
    if (databases.kind === "sqlite") return;
    await using peer = await startImport(databases, { lql: FIRST });
    await importRows(peer, [person(1, { city: "Rome" }), person(2, { city: "Oslo" })], 1);
    await makeCities(peer);
    const { run_id } = await (await erasures(peer)).request("city", "Rome", { table: "city" });
    await using other = await openDatabase(peer.address);
    const building = (executor: Executor) =>
      executor.selectFrom("generations").select("id").where("state", "=", "building").execute();
    const { changed, ...altered } = changedMeanwhile(
      peer,
      other,
      "SELECT id, email FROM people INTO user BY id",
      async (transaction) => (await building(transaction)).length > 0,
    );
    assert.equal(await executeTask(altered.peer, run_id), "failed");
    assert.match((await readRun(peer.database, run_id)).failure!, /were changed while it was made anew/);
    assert.notEqual(await changed(), undefined);
    assert.equal((await building(peer.database.kysely)).length, 1);
  },
);

onEachDatabase(
  "a replay that waited before it was noted that the table is behind is not given up for a mapping asked for once more",
  async (databases) => {
    await using peer = await startImport(databases, { lql: FIRST });
    const { database } = peer;
    await importRows(peer, [{ fields: { id: "1", name: "Ann" } }], 1);
    await remap(peer, "SELECT id, name AS called FROM people INTO user BY id");
    // As a version before left it: what came in followed the mapping at once, and told so by the generation alone.
    const { definition } = await database.kysely.selectFrom("generations").select("definition")
      .where("state", "=", "building").executeTakeFirstOrThrow();
    await database.kysely.updateTable("generations").set({ definition }).execute();
    const follow = () =>
      database.write(async (transaction) => await followMappings(transaction, 1, 1, { now: await database.now() }));
    await database.write((transaction) => waitingReplays.up({ transaction } as MigrationContext));
    const replay = await follow();
    assert.notEqual(replay, undefined);
    await database.kysely.updateTable("runs").set({ status: "cancelled" }).where("status", "=", "queued")
      .where("id", "!=", replay!).execute();
    assert.equal(await executeTask(peer, replay!), "succeeded");
    assert.deepEqual((await storeOf(peer)).profiles.map(({ attributes }) => attributes), ['{"called":"Ann","id":"1"}']);
    assert.equal(await follow(), undefined);
  },
);
