import assert from "node:assert/strict";
import { alteredDatabase } from "../database/altered_testing.ts";
import { failure } from "./engine_testing.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { assertNoTrace, erasures, importRows, openRun, person, profiles } from "./erasure_testing.ts";
import { type ImportPeer, readRun, remap, startImport } from "./import_testing.ts";
import { followMappings } from "./generations.ts";
import { makeTable } from "./profile_tables.ts";
import { indexRows } from "../profiles/indexed_batch.ts";
import { rowsOfErased } from "../profiles/refusals.ts";
import { erasedFor } from "./refused.ts";
import { executeTask } from "./task_testing.ts";

/** Executes a run that must succeed. */
async function succeed(peer: ImportPeer, run: string | undefined): Promise<void> {
  assert.equal(await executeTask(peer, run!), "succeeded", (await readRun(peer.database, run!)).failure ?? "");
}

/** Executes a run that dies at one of its commits in a state. */
async function kill(peer: ImportPeer, run: string, state: string, at: number): Promise<void> {
  const { database } = peer;
  let commits = 0;
  const dying = alteredDatabase(database, {
    write: async (work, options) => {
      const row = await database.kysely.selectFrom("erasures").select("state").where("run_id", "=", run)
        .executeTakeFirstOrThrow();
      if (options?.beside === true && row.state === state && ++commits === at) throw new Error("killed");
      return await database.write(work, options);
    },
  });
  assert.equal(await executeTask({ ...peer, database: dying }, run), "failed");
}

const MAPPINGS = [
  ["as it is", undefined, { email: "Person.1@example.org" }],
  ["computed", 'SELECT id, email(concat(login, "@example.org")) AS email FROM people INTO user BY id OR email', {
    login: "Person.1",
  }],
] as const;

for (const [kind, lql, naming] of MAPPINGS) {
  onEachDatabase(
    `a field that no longer identifies names whom it named when they were to be erased, ${kind}`,
    async (databases) => {
      await using peer = await startImport(databases, lql === undefined ? {} : { lql });
      const own = await erasures(peer);
      await importRows(peer, [
        { fields: { id: "Person-1-x", ...naming } },
        { fields: { ...naming, note: "alone" } },
        person(2, { login: "person.2", note: "other" }),
      ], 1);
      const replay = await remap(peer, "SELECT id, note FROM people INTO user BY id");
      const { run_id, request_id } = await own.request("id", "Person-1-x");
      await succeed(peer, replay);
      {
        await using run = await openRun(peer);
        await run.emit([{ fields: { ...naming, note: "late" } }, { fields: { id: "3", note: "new" } }], { row: 2 });
        await run.finish();
      }
      assert.equal((await peer.run()).refused, 1);
      await succeed(peer, run_id);
      assert.equal((await own.get(request_id)).state, "done");
      const notes = (await peer.lines("stream")).map((line) => JSON.parse(line).data.note);
      assert.deepEqual(notes, ["other", "new"]);
      await assertNoTrace(peer, ["person-1-x", "person.1"]);
    },
  );
}

for (const state of ["archive", "secondary"]) {
  onEachDatabase(
    `a field that identifies since an erasure was broken off in "${state}" names whom it erases`,
    async (databases) => {
      await using peer = await startImport(databases);
      const own = await erasures(peer);
      await importRows(peer, [person(1), { fields: { contact: "Person.1@example.org" } }, person(2)], 1);
      const { run_id, request_id } = await own.request("id", "Person-1-x");
      await kill(peer, run_id, state, 2);
      assert.equal((await own.get(request_id)).state, state);
      await succeed(
        peer,
        await remap(peer, "SELECT id, oneof(contact, email) AS email FROM people INTO user BY id OR email"),
      );
      await own.request("id", "Person-1-x");
      await succeed(peer, run_id);
      assert.equal((await own.get(request_id)).state, "done");
      assert.equal((await peer.lines("stream")).length, 1);
      await assertNoTrace(peer, ["person-1-x", "person.1@example.org"]);
    },
  );
}

onEachDatabase("a table that computes a field of the same name loses whom another table erases", async (databases) => {
  await using peer = await startImport(databases);
  const { database } = peer;
  const own = await erasures(peer);
  await importRows(peer, [
    person(1),
    { fields: { id: "2", contact: "Person.1@example.org" } },
    { fields: { id: "3", contact: "other@example.org", referred_by: "nobody" } },
  ], 1);
  await succeed(
    peer,
    await database.write(async (transaction) => {
      const table = await makeTable(transaction, 1, "account", 1);
      await transaction.insertInto("mappings").values({
        account_id: 1,
        id: "account",
        stream_id: peer.place.stream,
        table_id: table,
        definition: JSON.stringify({
          kind: "lql",
          text: "SELECT email(contact) AS email FROM people INTO account BY email",
        }),
        created_at: 9,
        updated_at: 9,
      }).execute();
      return await followMappings(transaction, 1, table, { now: 9 });
    }),
  );
  const { run_id, request_id } = await own.request("id", "Person-1-x");
  const found = await profiles(peer);
  await assert.rejects(
    found.get("email", "person.1@example.org", { table: "account" }),
    failure("config", /No profile/, { code: "not_found" }),
  );
  const late = indexRows([{ fields: { id: "4", contact: "PERSON.1@example.org" } }, { fields: { id: "5" } }]);
  const refused = rowsOfErased(late, await erasedFor(database.kysely, 1, peer.place.stream, peer.identityKey));
  assert.deepEqual(refused, Uint8Array.of(1, 0));
  // The other table's own erasure is another one.
  const other = await own.request("email", "person.1@example.org", { table: "account" });
  assert.notEqual(other.request_id, request_id);
  await succeed(peer, run_id);
  assert.deepEqual((await peer.lines("stream")).map((line) => JSON.parse(line).data.id), ["3"]);
  assert.equal(
    (await found.get("email", "other@example.org", { table: "account" })).attributes["email"],
    "other@example.org",
  );
  await assertNoTrace(peer, ["person-1-x", "person.1@example.org"]);
  assert.deepEqual(await database.kysely.selectFrom("erased_identities").selectAll().execute(), []);
});

const LATER = "SELECT id, oneof(contact, email) AS email FROM people INTO user BY id OR email";

for (const moment of ["before an erasure", "after the archive was gone through"] as const) {
  onEachDatabase(
    `a field that identifies by a mapping whose replay waits, changed ${moment}, names whom it erases`,
    async (databases) => {
      await using peer = await startImport(databases);
      const { database } = peer;
      const own = await erasures(peer);
      await importRows(peer, [person(1), { fields: { contact: "Person.1@example.org" } }, person(2)], 1);
      let replay = moment === "before an erasure" ? await remap(peer, LATER) : undefined;
      // It would be the first.
      await database.kysely.updateTable("runs").set({ status: "failed" }).where("job_type", "=", "mapping-replay")
        .execute();
      const { run_id, request_id } = await own.request("id", "Person-1-x");
      const changing = alteredDatabase(database, {
        write: async (work, options) => {
          const { state } = await database.kysely.selectFrom("erasures").select("state").executeTakeFirstOrThrow();
          if (state === "secondary") replay ??= await remap(peer, LATER);
          return await database.write(work, options);
        },
      });
      await succeed({ ...peer, database: changing }, run_id);
      assert.equal((await own.get(request_id)).state, "done");
      assert.notEqual(replay, undefined);
      const queued = await database.kysely.selectFrom("runs").select("id").where("status", "=", "queued")
        .where("job_type", "=", "mapping-replay").execute();
      for (const { id } of queued) await executeTask(peer, id);
      assert.equal((await peer.lines("stream")).length, 1);
      await assertNoTrace(peer, ["person-1-x", "person.1@example.org"]);
    },
  );
}
