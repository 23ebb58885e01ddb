import assert from "node:assert/strict";
import { alteredDatabase } from "../database/altered_testing.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { assertNoTrace, erasures, importRows, openRun, person } from "./erasure_testing.ts";
import { type ImportPeer, readRun, remap, startImport } from "./import_testing.ts";
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
