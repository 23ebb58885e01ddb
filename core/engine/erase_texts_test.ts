import assert from "node:assert/strict";
import { sql } from "kysely";
import { alteredDatabase } from "../database/altered_testing.ts";
import type { Database, Executor } from "../database/database.ts";
import { openDatabase } from "../database/open.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { erasures, importRows, person } from "./erasure_testing.ts";
import { lockAccount } from "./generations.ts";
import { addRun, readRun, startImport } from "./import_testing.ts";
import { executeTask } from "./task_testing.ts";

/** Resolves once a connection waits for a lock of another, or `done` is so. */
async function waiting({ kysely }: Database, done: () => boolean): Promise<void> {
  const find = sql<{ pid: number }>`select pid from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  while (!done() && (await find.execute(kysely)).rows.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

onEachDatabase("an import that is committing while examples are erased brings none back", async (databases) => {
  // SQLite has one writer at a time.
  if (databases.kind === "sqlite") return;
  await using peer = await startImport(databases);
  await importRows(peer, [person(1), person(2)], 2);
  await using other = await openDatabase(peer.address);
  const { run_id } = await (await erasures(peer)).request("id", "Person-1-x");
  let begun = false, writes = 0;
  const database = alteredDatabase(peer.database, {
    write: async (work, options) => {
      const { kysely } = peer.database;
      const { state } = await kysely.selectFrom("erasures").select("state").executeTakeFirstOrThrow();
      const { events } = await kysely.selectFrom("streams").select("events").executeTakeFirstOrThrow();
      // The archive is written anew: rejected rows and raw logs begin, then the examples follow.
      if (state !== "archive" || events > 1 || ++writes !== 3) return await peer.database.write(work, options);
      begun = true;
      let done = false;
      const held = Promise.withResolvers<void>();
      const importing = other.write(async (transaction) => {
        await lockAccount(transaction, 1);
        const examples = (transaction: Executor) =>
          transaction.selectFrom("stream_fields").select(["name", "examples"]);
        const known = await examples(transaction).execute();
        held.resolve();
        await waiting(peer.database, () => done);
        for (const { name, examples } of known) {
          await transaction.updateTable("stream_fields").set({ examples }).where("name", "=", name).execute();
        }
      }, { beside: true });
      await held.promise;
      const result = await peer.database.write(work, options);
      done = true;
      await importing;
      return result;
    },
  });
  const end = await executeTask({ ...peer, database }, run_id);
  assert.equal(end, "succeeded", (await readRun(peer.database, run_id)).failure ?? "");
  assert(begun);
  const examples = await peer.database.kysely.selectFrom("stream_fields").select("examples").execute();
  assert(!JSON.stringify(examples).includes("Person-1-x"), JSON.stringify(examples));
});

onEachDatabase("a run that goes on while its notes are scrubbed keeps how far it has come", async (databases) => {
  if (databases.kind === "sqlite") return;
  await using peer = await startImport(databases);
  await importRows(peer, [person(1)], 1);
  const notes = JSON.stringify(["Of Person-1-x: one row"]);
  const going = await addRun(peer.database, { status: "running", notes, checkpoint: '{"row":1}' });
  await using other = await openDatabase(peer.address);
  const { run_id } = await (await erasures(peer)).request("id", "Person-1-x");
  let ended = false;
  const held = Promise.withResolvers<void>();
  const importing = other.write(async (transaction) => {
    await transaction.updateTable("runs").set({ checkpoint: '{"row":2}' }).where("id", "=", going).execute();
    held.resolve();
    await waiting(peer.database, () => ended);
  }, { beside: true });
  await held.promise;
  const end = await executeTask(peer, run_id);
  ended = true;
  await importing;
  assert.equal(end, "succeeded", (await readRun(peer.database, run_id)).failure ?? "");
  const run = await readRun(peer.database, going);
  assert.deepEqual([run.checkpoint, run.notes], ['{"row":2}', JSON.stringify(["Of [erased]: one row"])]);
});

onEachDatabase("a stream's fields are as often filled as its events that are left fill them", async (databases) => {
  await using peer = await startImport(databases);
  const rows = Array.from({ length: 30 }, (_, row) => person(row % 10, row % 3 === 0 ? { note: `n${row}` } : {}));
  await importRows(peer, rows, 7);
  const own = await erasures(peer);
  for (const number of [3, 4]) await own.request("id", `Person-${number}-x`);
  const { run_id } = await own.request("id", "Person-5-x");
  assert.equal(await executeTask(peer, run_id), "succeeded", (await readRun(peer.database, run_id)).failure ?? "");
  const left = (await peer.lines("stream")).map((line) => JSON.parse(line).data);
  assert.equal(left.length, 21);
  const fields = await peer.database.kysely.selectFrom("stream_fields").select(["name", "filled"]).execute();
  for (const { name, filled } of fields) assert.equal(filled, left.filter((fields) => name in fields).length, name);
});
