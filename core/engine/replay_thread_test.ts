/** Replays large enough that a thread commits them: as without one, whole or in parts. */
import assert from "node:assert/strict";
import { Failure } from "../contracts/failure.ts";
import type { Row } from "../contracts/records.ts";
import { indexRows } from "../profiles/indexed_batch.ts";
import { openTarget } from "../profiles/mapping.ts";
import { ProfileBatch } from "../profiles/profile_batch.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { ReplayThread } from "./commit_thread.ts";
import { makeFolder } from "./engine_testing.ts";
import { startPortedHelper } from "./helper_testing.ts";
import { newId } from "./ids.ts";
import { type ImportPeer, readRun, remap, startImport } from "./import_testing.ts";
import { claimRun } from "./queue.ts";
import { storeOf } from "./store_testing.ts";
import { executeTask } from "./task_testing.ts";

const LQL = `
  SELECT id, tolower(trim(email)) AS email, count(id) AS visits, set(city) AS cities, city AS first_city MERGEOP OLDEST
  FROM people INTO user BY id OR email`;

/** Events, in batches that several commits of a replay take: new profiles, known ones, and some that become one. */
const EVENTS = 48_000, AT_ONCE = 8_000;

function rows(first: number): Row[] {
  const note = "é".repeat(200);
  return Array.from({ length: AT_ONCE }, (_, index) => {
    const number = first + index, id = number % 30_000;
    const email = number % 1_000 === 999 ? `P${id - 1}@x.example ` : `p${id}@x.example`;
    return { fields: { id: `${id}`, email, city: `City ${number % 7}`, note }, time: number % 11 };
  });
}

/** An import by the default mapping, and the run that replays it. */
async function importAll(peer: ImportPeer): Promise<string> {
  const commits = peer.commits();
  for (let first = 0; first < EVENTS; first += AT_ONCE) await commits.commit(peer.batch(rows(first)));
  return (await remap(peer, LQL))!;
}

const generation = ({ database }: ImportPeer, table: number) =>
  database.kysely.selectFrom("profiles").select((select) => select.fn.countAll<number>().as("count"))
    .where("table_id", "=", table).executeTakeFirstOrThrow();

onEachDatabase(
  "what a thread commits of a replay is what is committed without one, stopped or not",
  async (databases) => {
    await using inline = await startImport(databases);
    const first = await importAll(inline);
    assert.equal(await executeTask(inline, first), "succeeded");
    const expected = await storeOf(inline);
    const { rows_read, profiles_created, profiles_updated } = await readRun(inline.database, first);
    assert.equal(rows_read, EVENTS);

    await using peer = await startImport(databases);
    const run = await importAll(peer);
    const progressed = (stop: AbortController) => stop.abort(new Failure("cancelled", "Stopped"));
    assert.equal(await executeTask(peer, run, { thread: true, progressed }), "cancelled");
    const stopped = await readRun(peer.database, run);
    assert(stopped.rows_read > 0 && stopped.rows_read < EVENTS, `${stopped.rows_read} events before it stopped`);
    assert.equal(JSON.parse(stopped.checkpoint!).events, stopped.rows_read);
    await peer.database.kysely.updateTable("runs").set({ status: "queued", failure: null }).where("id", "=", run)
      .execute();
    assert.equal(await executeTask(peer, run, { thread: true }), "succeeded");
    assert.deepEqual(await storeOf(peer), expected);
    const done = await readRun(peer.database, run);
    assert.deepEqual(
      [done.rows_read, done.profiles_created, done.profiles_updated],
      [EVENTS, profiles_created, profiles_updated],
    );
  },
);

onEachDatabase("a thread commits nothing of a replay that was taken over, or that is to stop", async (databases) => {
  await using peer = await startImport(databases);
  const run = await importAll(peer);
  const { kysely } = peer.database;
  const claimed = async () => {
    await kysely.updateTable("runs").set({ stop_requested: 1 }).where("id", "=", run).execute();
  };
  assert.equal(await executeTask(peer, run, { thread: true, claimed }), "cancelled");
  assert.match(JSON.parse((await readRun(peer.database, run)).failure!).message, /stopped by request/);
  await kysely.updateTable("runs").set({ status: "queued", stop_requested: 0 }).where("id", "=", run).execute();
  const takenOver = async () => {
    await kysely.updateTable("runs").set({ fence: 99 }).where("id", "=", run).execute();
  };
  assert.equal(await executeTask(peer, run, { thread: true, claimed: takenOver }), "lost");
  const { status, checkpoint, rows_read } = await readRun(peer.database, run);
  assert.deepEqual([status, checkpoint, rows_read], ["running", null, 0]);
  assert.equal(Number((await generation(peer, 2)).count), 0);
});

onEachDatabase("a thread gives a replay up whose mapping changed again", async (databases) => {
  await using peer = await startImport(databases);
  const run = await importAll(peer);
  let second: string | undefined;
  const changed = Promise.withResolvers<void>();
  let told = false;
  const progressed = () => {
    if (told) return;
    told = true;
    remap(peer, "SELECT id, city AS lives_in FROM people INTO user BY id").then((run) => {
      second = run;
      changed.resolve();
    }, changed.reject);
  };
  const end = await executeTask(peer, run, { thread: true, progressed });
  await changed.promise;
  // The change waits for a commit under way, and may come after the last one.
  if (end === "cancelled") {
    assert.match(JSON.parse((await readRun(peer.database, run)).failure!).message, /were changed again/);
  } else assert.equal(end, "succeeded");
  assert.equal(await executeTask(peer, second!, { thread: true }), "succeeded");
  const { profiles } = await storeOf(peer);
  assert.equal(profiles.length, 30_000);
  assert.match(profiles[0]!.attributes, /"lives_in"/);
});

onEachDatabase("memory that grew while a thread noted names comes back from it as it is then", async (databases) => {
  await using peer = await startImport(databases);
  await peer.commits().commit(peer.batch(rows(0).slice(0, 10)));
  const run = (await remap(peer, LQL))!;
  const claim = (await claimRun(peer.database, newId(), [run]))!;
  const { database, address, archive: { folder: archiveDir }, identityKey, place } = peer;
  const { id, definition } = await database.kysely.selectFrom("generations").select(["id", "definition"])
    .where("state", "=", "building").executeTakeFirstOrThrow();
  const target = { scope: { account: 1, table: id }, table: 1, generation: JSON.parse(definition) };
  const open = openTarget(target, identityKey, place.stream);
  await using folder = await makeFolder();
  const { worker, port } = startPortedHelper();
  try {
    const start = { type: "replay", database: address, archiveDir, workDir: folder.path, claim, target } as const;
    await using thread = new ReplayThread({ ...start, identityKey }, port);
    let profiles = new ProfileBatch(open), first = 0;
    // Few names, noted here; then many more in the memory of those, noted there; then some in what is left of it.
    for (const { parts, later } of [{ parts: 1, later: false }, { parts: 3, later: true }, { parts: 1, later: true }]) {
      for (let part = 0; part < parts; part++) profiles.add(indexRows(rows(first + part * AT_ONCE)), 0, { later });
      const events = parts * AT_ONCE, positions = [{ first: first + 100, count: events }];
      await thread.commit({
        events,
        lines: 0,
        batches: [{ stream: place.stream, profiles, positions }],
        checkpoint: {},
      });
      await thread.drain();
      first += events;
      profiles = ProfileBatch.recycle(thread.spare()!.profiles[0]!, open);
    }
    assert.equal((await readRun(database, run)).rows_read, first);
    assert.equal(Number((await generation(peer, id)).count), 30_000 - 30);
  } finally {
    worker.terminate();
  }
});
