import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { alteredDatabase } from "../database/altered_testing.ts";
import { gzipMember } from "../profiles/archive.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { archiveDamage } from "./check_archive.ts";
import { makeFolder } from "./engine_testing.ts";
import { assertNoTrace, erasures, importRows, openRun, person, rejected } from "./erasure_testing.ts";
import { type ImportPeer, readRun, remap, startImport } from "./import_testing.ts";
import { openImport } from "./open_import.ts";
import { coreOf, executeTask } from "./task_testing.ts";

async function erase(peer: ImportPeer, id: string): Promise<void> {
  const { run_id } = await (await erasures(peer)).request("id", id);
  assert.equal(await executeTask(peer, run_id), "succeeded", (await readRun(peer.database, run_id)).failure ?? "");
}

/** The database, which does something else before, or after, its `nth` write in the archive's stage. */
function duringArchive(
  peer: ImportPeer,
  nth: number,
  { before = async () => {}, after = async () => {} }: {
    readonly before?: () => Promise<void>;
    readonly after?: () => Promise<void>;
  },
): ImportPeer {
  let writes = 0;
  const database = alteredDatabase(peer.database, {
    write: async (work, options) => {
      const { state } = await peer.database.kysely.selectFrom("erasures").select("state").executeTakeFirstOrThrow();
      const isIt = state === "archive" && ++writes === nth;
      if (isIt) await before();
      const result = await peer.database.write(work, options);
      if (isIt) await after();
      return result;
    },
  });
  return { ...peer, database };
}

async function assertSound({ database, archive }: ImportPeer): Promise<void> {
  assert.deepEqual(await Array.fromAsync(archiveDamage(database, archive, "content")), []);
}

onEachDatabase(
  "a file that an attempt wrote anew loses more where more people turn out to be erased",
  async (databases) => {
    await using peer = await startImport(databases, { lql: "SELECT id, email, phone FROM people INTO user BY id" });
    const { database } = peer;
    await importRows(peer, [
      { fields: { id: "Person-1-x" } },
      { fields: { id: "Person-2-x", phone: "0049-17" } },
      { fields: { id: "Person-3-x" } },
    ], 3);
    await importAgain(peer, { id: "Person-1-x", phone: "0049-17" });
    const { run_id } = await (await erasures(peer)).request("id", "Person-1-x");
    const dying = duringArchive(peer, 2, {
      after: () => Promise.reject(new Error("killed")),
    });
    assert.equal(await executeTask(dying, run_id), "failed");
    const replay = (await remap(peer, "SELECT id, email, phone FROM people INTO user BY id OR phone"))!;
    assert.equal(await executeTask(peer, replay), "succeeded");
    await database.kysely.updateTable("runs").set({ status: "queued", failure: null }).where("id", "=", run_id)
      .execute();
    assert.equal(await executeTask(peer, run_id), "succeeded", (await readRun(database, run_id)).failure ?? "");
    assert.equal((await peer.lines("stream")).length, 1);
    await assertNoTrace(peer, ["person-1-x", "person-2-x", "0049-17"]);
    await assertSound(peer);
  },
);

/** Commits a row in a file of its own. */
async function importAgain(peer: ImportPeer, fields: Record<string, string>): Promise<void> {
  await (await peer.commitsAfterTakeOver()).commit(peer.batch([{ fields }]));
}

onEachDatabase("what imports that were cut off never recorded of the erased is gone, too", async (databases) => {
  await using peer = await startImport(databases);
  await importRows(peer, [person(1), person(2)], 2);
  const { path, length } = await peer.database.kysely.selectFrom("segments").select(["path", "length"])
    .executeTakeFirstOrThrow();
  const kept = await peer.lines("stream");
  const lost = gzipMember(new TextEncoder().encode(`${kept[0]}\n`));
  // One by a run whose file has somebody else's events alone, one by a run that had no other file.
  await erase(peer, "Person-1-x");
  const { path: now, length: end } = await peer.database.kysely.selectFrom("segments").select(["path", "length"])
    .executeTakeFirstOrThrow();
  assert(path !== now && length !== end);
  await peer.archive.append(now, end, lost);
  await peer.archive.append(join(dirname(now), "07-run-1.jsonl.gz"), 0, lost);
  await peer.archive.append("1/rejects/2026-01-01/07-run-1.jsonl.gz", 0, lost);
  await erase(peer, "Person-1-x");
  assert.deepEqual(await peer.lines("stream"), kept.slice(1));
  await assertNoTrace(peer, ["person-1-x", "person.1@example.org"]);
  await assertSound(peer);
});

onEachDatabase("an import that begins anew leaves alone what an erasure is writing", async (databases) => {
  await using peer = await startImport(databases);
  await importRows(peer, [person(1), person(2)], 2);
  await using folder = await makeFolder();
  const core = await coreOf(peer, folder.path);
  const { run_id } = await (await erasures(peer)).request("id", "Person-1-x");
  const disturbed = duringArchive(peer, 2, {
    before: async () => {
      await peer.commitsAfterTakeOver();
      const row = await peer.run();
      const attempt = {
        signal: new AbortController().signal,
        bytes: () => 0,
        duration: () => 0,
        helper: undefined,
        note: () => {},
      };
      const target = { stream: "people", identifyBy: peer.identifyBy };
      await using _ = await openImport(
        core,
        { ...peer.claim, fence: row.fence },
        { ...row, attempts: 2 },
        target,
        attempt,
      );
    },
  });
  assert.equal(await executeTask(disturbed, run_id), "succeeded", (await readRun(peer.database, run_id)).failure ?? "");
  await assertSound(peer);
  assert.equal((await peer.lines("stream")).length, 1);
});

onEachDatabase("an erasure passes over rejected rows that a list's import forgets meanwhile", async (databases) => {
  for (const moment of ["before it is read", "before it is replaced"]) {
    await using peer = await startImport(databases);
    await importRows(peer, [person(1), person(2)], 2);
    await using run = await openRun(peer);
    await run.reject(rejected("1,Person-1-x,y", "2,Person-2-x,y"));
    await run.finish().catch(() => {});
    const { run_id } = await (await erasures(peer)).request("id", "Person-1-x");
    const forget = async () => {
      const forgotten = await peer.database.kysely.deleteFrom("segments").where("kind", "=", "rejects").returning(
        "path",
      )
        .execute();
      assert.equal(forgotten.length, 1);
      for (const { path } of forgotten) peer.archive.remove(path);
    };
    // The third begins with the rejected rows, the fourth is of their file.
    const disturbed = duringArchive(peer, moment === "before it is read" ? 3 : 4, {
      ...(moment === "before it is read" ? { after: forget } : { before: forget }),
    });
    assert.equal(
      await executeTask(disturbed, run_id),
      "succeeded",
      (await readRun(peer.database, run_id)).failure ?? "",
    );
    assert.equal((await peer.run()).rejected_erased, 0);
    await assertNoTrace(peer, ["person-1-x"]);
    await assertSound(peer);
  }
});
