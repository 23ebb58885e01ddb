import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../contracts/failure.ts";
import type { Row } from "../contracts/records.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { followMappings } from "./generations.ts";
import { type ImportPeer, readRun, remap, startImport } from "./import_testing.ts";
import { startMapping } from "./mapping_testing.ts";
import { storeOf } from "./store_testing.ts";
import { placeImport } from "./streams.ts";
import { executeTask } from "./task_testing.ts";

const LQL = `
  SELECT id, tolower(trim(email)) AS email, name, count(id) AS visits, sum(toint(spent)) AS spent KIND INT,
    set(tag) AS tags, min(toint(spent)) AS least KIND INT, name AS first_name MERGEOP OLDEST,
    valuect(tag) AS tag_counts
  FROM people INTO user BY id OR email WHERE NOT (tag = "skip")`;

const row: fc.Arbitrary<Row> = fc.record({
  fields: fc.record({
    id: fc.constantFrom("1", "2", "3", "4", ""),
    email: fc.constantFrom("a@x", "A@X ", "b@x", "c@x", "null", ""),
    name: fc.constantFrom("Ann", "Bob", "", "Çelik"),
    spent: fc.constantFrom("1", "20", "x", ""),
    tag: fc.constantFrom("red", "blue", "skip", "", 'q"\\'),
  }, { requiredKeys: ["id", "email"] }),
  time: fc.nat({ max: 5 }),
});

async function importAll(
  peer: ImportPeer,
  rows: readonly Row[],
  size: number,
  commits = peer.commits(),
): Promise<void> {
  for (let first = 0; first < rows.length; first += size) {
    await commits.commit(peer.batch(rows.slice(first, first + size)));
  }
}

onEachDatabase("a replay under another mapping gives what a first import under it gives", async (databases) => {
  const rows = fc.sample(row, { seed: 7, numRuns: 400 });
  await using first = await startImport(databases, { lql: LQL });
  await importAll(first, rows, 400);
  const expected = await storeOf(first);
  for (const size of [1, 7, 150]) {
    await using peer = await startImport(databases);
    const commits = peer.commits();
    await importAll(peer, rows.slice(0, 300), size, commits);
    const run = await remap(peer, LQL);
    assert(run !== undefined);
    // What comes in before the replay goes by the old mapping, and is replayed.
    await importAll(peer, rows.slice(300), size, commits);
    assert.equal(await executeTask(peer, run), "succeeded");
    assert.deepEqual(await storeOf(peer), expected);
    assert.equal((await readRun(peer.database, run)).accepted, rows.length);
  }
});

onEachDatabase("what an import prepared before the replay was done is not committed after it", async (databases) => {
  await using peer = await startImport(databases);
  const commits = peer.commits();
  await commits.commit(peer.batch([{ fields: { id: "1" } }]));
  const run = await remap(peer, LQL);
  await executeTask(peer, run!);
  await assert.rejects(commits.commit(peer.batch([{ fields: { id: "2" } }])), { name: "PlaceChanged" });
  assert.equal((await peer.lines("stream")).length, 1);
});

onEachDatabase("the generation that was replaced makes room for what is written next", async (databases) => {
  const before = (run: string) => `SELECT id, email, name AS ${run} FROM people INTO user BY id OR email`;
  await using peer = await startImport(databases);
  await importAll(peer, fc.sample(row, { seed: 3, numRuns: 200 }), 20);
  const { kysely } = peer.database;
  const generations = async () =>
    (await kysely.selectFrom("generations").select(["id", "state"]).orderBy("id").execute())
      .map(({ id, state }) => `${id} ${state}`);
  await executeTask(peer, (await remap(peer, LQL))!);
  assert.deepEqual(await generations(), ["1 retired", "2 current"]);
  await executeTask(peer, (await remap(peer, before("first")))!);
  assert.deepEqual(await generations(), ["2 retired", "3 current"]);
  for (
    const table of ["profiles", "profile_stamps", "profile_merges", "identity_runs", "identity_blocks"] as const
  ) {
    const rows = await kysely.selectFrom(table).select("table_id").where("table_id", "=", 1).execute();
    assert.deepEqual(rows, [], table);
  }
});

onEachDatabase("a mapping that changes again is replayed once, as it stands last", async (databases) => {
  await using peer = await startImport(databases);
  await importAll(peer, [{ fields: { id: "1", name: "Ann" } }], 1);
  const first = await remap(peer, LQL);
  // Of runs of one millisecond any may be the first.
  await peer.database.kysely.updateTable("runs").set((set) => ({ created_at: set("created_at", "-", 1) })).execute();
  const second = await remap(peer, "SELECT id, name AS called FROM people INTO user BY id");
  assert.equal(await executeTask(peer, first!), "cancelled");
  assert.match(JSON.parse((await readRun(peer.database, first!)).failure!).message, /were changed again/);
  assert.equal(await executeTask(peer, second!), "succeeded");
  const [profile] = (await storeOf(peer)).profiles;
  assert.equal(profile?.attributes, '{"called":"Ann","id":"1"}');
});

onEachDatabase(
  "a replay that new streams overtake is done all the same, by whichever run is the last",
  async (databases) => {
    const lql = "SELECT id, name AS called FROM people INTO user BY id";
    for (const again of ["streams", "nothing", "rules"] as const) {
      await using peer = await startImport(databases);
      const { database } = peer;
      await importAll(peer, [{ fields: { id: "1", name: "Ann" } }], 1);
      const definition = JSON.stringify({ kind: "lql", text: lql });
      await database.kysely.updateTable("mappings").set({ definition }).execute();
      const follow = () =>
        database.write(async (transaction) => await followMappings(transaction, 1, 1, { now: await database.now() }));
      const place = async (stream: string) => {
        const target = { stream, identifyBy: ["id"] };
        return await database.write((transaction) => placeImport(transaction, 1, target, 5));
      };
      const runs = [await follow()];
      // What comes in from here on goes by the stream's mapping, what came in before waits for a replay.
      runs.push((await place("first")).replay);
      if (again === "streams") runs.push((await place("second")).replay, (await place("third")).replay);
      else if (again === "nothing") runs.push(await follow());
      else {
        const rules = (deny: string) =>
          database.kysely.updateTable("profile_tables").set({
            identity_rules: JSON.stringify({ deny: { id: [deny] } }),
          })
            .execute();
        await rules("2");
        runs.push(await follow());
        await rules("3");
        runs.push(await follow());
      }
      const [last] = runs.splice(-1);
      assert(last !== undefined, `${again}: a run replays what was there`);
      // Of runs of one millisecond any may be the first.
      for (const [created_at, run] of runs.entries()) {
        await database.kysely.updateTable("runs").set({ created_at }).where("id", "=", run!).execute();
      }
      for (const run of runs) assert.equal(await executeTask(peer, run!), "cancelled", again);
      assert.equal(await executeTask(peer, last), "succeeded", again);
      const [profile] = (await storeOf(peer)).profiles;
      assert.equal(profile?.attributes, '{"called":"Ann","id":"1"}', again);
      assert.equal(await follow(), undefined, again);
    }
  },
);

onEachDatabase(
  "until a changed mapping is replayed the table is as it was, whatever new streams come in meanwhile",
  async (databases) => {
    const before = "SELECT id, name AS called FROM people INTO user BY id";
    const after = "SELECT id, count(name) AS called FROM people INTO user BY id";
    for (const undone of [false, true]) {
      await using it = await startMapping(databases, { lql: before });
      const { peer } = it;
      await it.add([{ fields: { id: "1", name: "Ann" } }, { fields: { id: "2", name: "Bob" } }]);
      const called = async () =>
        (await storeOf(peer)).profiles.map(({ attributes }) => JSON.parse(attributes).called as unknown);
      const runs = [(await it.mappings.update("people", { lql: after })).replay_run];
      // Another identity field: what came in before has to be looked at again.
      const clicks = { stream: "clicks", identifyBy: ["id", "code"] };
      const placed = await peer.database.write((transaction) => placeImport(transaction, 1, clicks, 5));
      runs.push(placed.replay ?? null);
      assert.equal(placed.targets.length, 1);
      await it.add([{ fields: { id: "1", name: "Anne" } }]);
      assert.deepEqual(await called(), ["Anne", "Bob"]);
      if (undone) runs.push((await it.mappings.update("people", { lql: before })).replay_run);
      // Of runs of one millisecond any may be the first.
      for (const [created_at, run] of runs.entries()) {
        await peer.database.kysely.updateTable("runs").set({ created_at }).where("id", "=", run).execute();
      }
      const [last] = runs.splice(-1);
      for (const run of runs) assert.equal(await executeTask(peer, run!), "cancelled");
      assert.equal(await executeTask(peer, last!), "succeeded");
      assert.deepEqual(await called(), undone ? ["Anne", "Bob"] : [2, 1]);
    }
  },
);

onEachDatabase("a replay that stops goes on where it was, and counts nothing twice", async (databases) => {
  const rows = fc.sample(row, { seed: 11, numRuns: 300 });
  await using first = await startImport(databases, { lql: LQL });
  await importAll(first, rows, 300);
  await using peer = await startImport(databases);
  // More than a replay reads under the lock, and than one commit takes.
  const many = Array.from({ length: 400 }, (_, index) => ({ fields: { id: `m${index}` } }));
  const commits = peer.commits();
  for (let part = 0; part < 300; part++) await commits.commit(peer.batch(many));
  await importAll(peer, rows, 300, commits);
  const run = await remap(peer, LQL);
  const progressed = (stop: AbortController) => stop.abort(new Failure("cancelled", "Stopped"));
  assert.equal(await executeTask(peer, run!, { progressed }), "cancelled");
  const { rows_read } = await readRun(peer.database, run!);
  assert(rows_read > 0 && rows_read < 120_300, `${rows_read} events before it stopped`);
  await peer.database.kysely.updateTable("runs").set({ status: "queued", failure: null }).where("id", "=", run!)
    .execute();
  assert.equal(await executeTask(peer, run!), "succeeded");
  assert.equal((await readRun(peer.database, run!)).rows_read, 120_300);
  const { profiles } = await storeOf(peer);
  const own = profiles.map(({ attributes }) => attributes)
    .filter((text) => !/"id":"m/.test(text));
  const expected = (await storeOf(first)).profiles;
  assert.deepEqual(own.sort(), expected.map(({ attributes }) => attributes).sort());
});

onEachDatabase("a damaged archive file fails the replay, and what there was stays", async (databases) => {
  await using peer = await startImport(databases);
  await importAll(peer, [{ fields: { id: "1" } }], 1);
  const before = await storeOf(peer);
  const { path } = await peer.database.kysely.selectFrom("segments").select("path").executeTakeFirstOrThrow();
  const full = `${peer.archive.folder}/${path}`;
  const bytes = await Deno.readFile(full);
  bytes[bytes.length - 3]! ^= 255;
  await Deno.writeFile(full, bytes);
  const run = await remap(peer, LQL);
  assert.equal(await executeTask(peer, run!), "failed");
  const { kind, message } = JSON.parse((await readRun(peer.database, run!)).failure!);
  assert.deepEqual([kind, message], [
    "config",
    `Archive file "${path}" is damaged: the member at byte 0 cannot be read`,
  ]);
  assert.deepEqual(await storeOf(peer), before);
});
