import assert from "node:assert/strict";
import { migrate } from "../database/migrations.ts";
import { openSqlite } from "../database/sqlite.ts";
import { makeFolder } from "./engine_testing.ts";
import { findServing, Processes } from "./processes.ts";
import { LEASE } from "./queue.ts";

Deno.test("a serving process is found while it lives, and not once it left", async () => {
  await using folder = await makeFolder();
  await using database = await openSqlite(`${folder.path}/waybill.db`);
  await migrate(database);
  const locks = `${folder.path}/processes`;
  {
    await using serving = await Processes.join(database, locks, "serve");
    await serving.listensAt("http://127.0.0.1:1");
    await using _other = await Processes.join(database, locks, "cli");
    assert.deepEqual(await findServing(database, locks), {
      id: serving.id,
      kind: "serve",
      address: "http://127.0.0.1:1",
    });
  }
  assert.equal(await findServing(database, locks), undefined);
  assert.deepEqual([...Deno.readDirSync(locks)], []);
});

Deno.test("a serving process without a lock file here counts only while it was seen lately", async () => {
  await using folder = await makeFolder();
  await using database = await openSqlite(`${folder.path}/waybill.db`);
  await migrate(database);
  const locks = `${folder.path}/processes`;
  await using serving = await Processes.join(database, locks, "serve");
  // As on another machine, or after a backup of the database alone was restored.
  const elsewhere = `${folder.path}/elsewhere`;
  assert.equal((await findServing(database, elsewhere))?.id, serving.id);
  await database.kysely.updateTable("processes").set({ seen_at: await database.now() - LEASE - 1 }).execute();
  assert.equal(await findServing(database, elsewhere), undefined);
  assert.equal((await findServing(database, locks))?.id, serving.id);
  await serving.beat();
  assert.equal((await findServing(database, elsewhere))?.id, serving.id);
});
