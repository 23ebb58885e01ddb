import assert from "node:assert/strict";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { assertNoTrace, erasures, importRows, makeCities, person, profiles } from "./erasure_testing.ts";
import { readRun, remap, startImport } from "./import_testing.ts";
import { storeOf } from "./store_testing.ts";
import { executeTask } from "./task_testing.ts";

onEachDatabase(
  "people of two tables who are erased at once leave nothing in the profiles of either",
  async (databases) => {
    await using peer = await startImport(databases, {
      lql: "SELECT id, set(city) AS cities, count(id) AS events FROM people INTO user BY id",
    });
    await importRows(peer, Array.from({ length: 40 }, (_, row) => person(row % 8, { city: `City-${row % 3}-x` })), 7);
    await makeCities(peer);
    const own = await erasures(peer);
    const { run_id } = await own.request("id", "Person-4-x");
    assert.equal((await own.request("city", "City-1-x", { table: "city" })).run_id, run_id);
    assert.equal(await executeTask(peer, run_id), "succeeded", (await readRun(peer.database, run_id)).failure ?? "");
    const found = await profiles(peer);
    assert.deepEqual((await found.get("id", "Person-5-x")).attributes["events"], 3);
    assert.deepEqual((await found.get("id", "Person-5-x")).attributes["cities"], ["City-0-x", "City-2-x"]);
    await assertNoTrace(peer, ["person-4-x", "city-1-x"]);
  },
);

onEachDatabase(
  "profiles keep nothing of events that named the erased in a field of the same name",
  async (databases) => {
    const lql = "SELECT contact AS email, email AS sender, count(email) AS events FROM people INTO user BY email";
    await using peer = await startImport(databases, { lql });
    await importRows(peer, [
      { fields: { contact: "ada@x.example", email: "grace@x.example" } },
      { fields: { contact: "ada@x.example", email: "ada@x.example" } },
      { fields: { contact: "grace@x.example", email: "ada@x.example" } },
      { fields: { contact: "mary@x.example", email: "mary@x.example" } },
    ], 1);
    const { run_id } = await (await erasures(peer)).request("email", "grace@x.example");
    assert.equal(await executeTask(peer, run_id), "succeeded", (await readRun(peer.database, run_id)).failure ?? "");
    assert.equal((await peer.lines("stream")).length, 2);
    assert.equal((await (await profiles(peer)).get("email", "ada@x.example")).attributes["events"], 1);
    await assertNoTrace(peer, ["grace@x.example"]);
    const before = await storeOf(peer);
    assert.equal(
      await executeTask(peer, (await remap(peer, `${lql} `.replace("SELECT", "SELECT note,")))!),
      "succeeded",
    );
    assert.deepEqual((await storeOf(peer)).profiles, before.profiles);
  },
);
