import assert from "node:assert/strict";
import { CompiledQuery } from "kysely";
import type { ImportedFile } from "../contracts/ledger.ts";
import type { Database } from "../database/database.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { failure } from "./engine_testing.ts";
import { ImportRun } from "./import_run.ts";
import { type ImportPeer, startImport } from "./import_testing.ts";
import { filesBefore, jobFiles } from "./job_files.ts";
import {
  filesByKeys,
  forgetAuthFiles,
  forgetJobFiles,
  ledgerOwner,
  type LedgerPlace,
  markedFiles,
  markFiles,
  newestTimestamp,
  readLedger,
} from "./ledger.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const HASH = "ab".repeat(32);

const place = (owner = JOB): LedgerPlace => ({ account: 1, owner, key: new Uint8Array(16) });

function file(path: string, more: Partial<ImportedFile> = {}): ImportedFile {
  return { path, size: 10, modified: 1_000, hash: HASH, rows: 3, rejected: 1, ...more };
}

const mark = (peer: ImportPeer, files: readonly ImportedFile[], { owner = JOB, now = 5_000 } = {}) =>
  peer.database.write((transaction) => markFiles(transaction, peer.claim, markedFiles(place(owner), files), now));

onEachDatabase(
  "a file is new, the same, touched or changed by what the ledger knows of its path",
  async (databases) => {
    await using peer = await startImport(databases);
    const look = async (facts: Partial<ImportedFile> = {}, path = "in/a.csv", owner = JOB, force = false) => {
      const ledger = readLedger(peer.database.kysely, place(owner), force);
      return (await ledger.look([file(path, facts)]))[0];
    };
    assert.deepEqual(await look(), { state: "new" });
    await mark(peer, [file("in/a.csv"), file("in/b.csv", { timestamp: 77 })]);
    const same = { state: "same", imported: file("in/a.csv") };
    assert.deepEqual(await look(), same);
    // Local files have fractions of milliseconds.
    assert.deepEqual(await look({ modified: 1_000.75 }), same);
    assert.deepEqual(await look({ modified: 2_000 }), { state: "touched", imported: file("in/a.csv") });
    assert.deepEqual(await look({ modified: 2_000 }, "in/b.csv"), {
      state: "touched",
      imported: file("in/b.csv", { timestamp: 77 }),
    });
    assert.deepEqual(await look({ size: 11 }), { state: "changed" });
    assert.deepEqual(await look({}, "in/c.csv"), { state: "new" });
    assert.deepEqual(await look({}, "in/a.csv", JOB, true), { state: "new" });
    assert.deepEqual(await look({}, "in/a.csv", "f".repeat(32)), { state: "new" });
  },
);

onEachDatabase("a file that is marked again is known as it was marked last, and listed once", async (databases) => {
  await using peer = await startImport(databases);
  await mark(peer, [file("a.csv")]);
  await mark(peer, [file("a.csv", { size: 20, modified: 3_000, timestamp: 9 })], { now: 6_000 });
  const { items } = await jobFiles(peer.database.kysely, 1, JOB);
  assert.deepEqual(items, [{
    path: "a.csv",
    size: 20,
    modified: "1970-01-01T00:00:03.000Z",
    timestamp: "1970-01-01T00:00:00.009Z",
    hash: HASH,
    rows: 3,
    rejected: 1,
    run_id: peer.claim.run,
    imported_at: "1970-01-01T00:00:06.000Z",
  }]);
});

onEachDatabase("the newest timestamp is that of the names, whatever was imported last", async (databases) => {
  await using peer = await startImport(databases);
  const ledger = readLedger(peer.database.kysely, place(), false);
  assert.equal(await ledger.newest(), undefined);
  await mark(peer, [file("none.csv")]);
  assert.equal(await ledger.newest(), undefined);
  await mark(peer, [file("late.csv", { timestamp: 300 })]);
  await mark(peer, [file("early.csv", { timestamp: 200 })], { now: 9_000 });
  assert.equal(await ledger.newest(), 300);
});

onEachDatabase("a commit marks files with its rows and its checkpoint, or not at all", async (databases) => {
  await using peer = await startImport(databases);
  const files = markedFiles(place(), [file("a.csv")]);
  const batch = peer.batch([{ fields: { id: 1 }, time: 1 }], { checkpoint: { at: 1 }, files });
  const thief = peer.database.kysely.updateTable("runs").set((set) => ({ fence: set("fence", "+", 1) }));
  await thief.where("id", "=", peer.claim.run).execute();
  await assert.rejects(peer.commits().commit(batch), { name: "LeaseLost" });
  assert.deepEqual((await jobFiles(peer.database.kysely, 1, JOB)).items, []);

  await using other = await startImport(databases);
  await other.commits().commit(other.batch([{ fields: { id: 1 }, time: 1 }], { checkpoint: { at: 1 }, files }));
  assert.deepEqual((await jobFiles(other.database.kysely, 1, JOB)).items.map(({ path }) => path), ["a.csv"]);
  assert.equal((await other.run()).checkpoint, '{"at":1}');
});

onEachDatabase(
  "killed after any commit, an import of files marks each with its last rows, and none twice",
  async (databases) => {
    const paths = ["a.csv", "b.csv", "c.csv"];
    /** What a plugin hands over for each file: rows, rows, then the mark with the position after it. */
    const steps = paths.flatMap((path, index) => [
      { rows: [{ fields: { id: 10 * index } }], at: 3 * index + 1, files: [] },
      { rows: [{ fields: { id: 10 * index + 1 } }], at: 3 * index + 2, files: [] },
      { rows: [], at: 3 * index + 3, files: [file(path)] },
    ]);
    for (let kill = 0; kill <= steps.length; kill += 2) {
      await using peer = await startImport(databases);
      const attempt = async (last: number) => {
        const { checkpoint, rows_read: read, accepted, rejected, unchanged, refused } = await peer.run();
        const from = checkpoint === null ? 0 : JSON.parse(checkpoint).at;
        await using run = new ImportRun({
          run: peer.claim.run,
          commits: await peer.commitsAfterTakeOver(),
          startedAt: 1_000,
          threshold: undefined,
          counts: { read, accepted, rejected, unchanged, refused },
          profiles: peer.profiles,
          erased: [],
          signal: new AbortController().signal,
          bytes: () => 0,
          duration: () => 0,
        });
        for (const { rows, at, files } of steps.filter(({ at }) => at > from && at <= last)) {
          await run.emit(rows, { at }, { files: markedFiles(place(), files) });
          // Every other waits for a commit to come, and dies with the run.
          if (at % 2 === 0) await run.flush();
        }
        if (last === steps.length) await run.finish();
      };
      await attempt(kill);
      const { checkpoint } = await peer.run();
      const reached = checkpoint === null ? 0 : JSON.parse(checkpoint).at;
      const marked = async () => (await jobFiles(peer.database.kysely, 1, JOB)).items.map(({ path }) => path).sort();
      assert.deepEqual(await marked(), paths.slice(0, Math.floor(reached / 3)), `killed after ${kill}`);
      await attempt(steps.length);
      assert.deepEqual(await marked(), paths);
      assert.equal((await peer.run()).rows_read, 6);
      assert.equal((await peer.lines("stream")).length, 6);
    }
  },
);

onEachDatabase("the files of a job are listed page by page, the last first, also at one instant", async (databases) => {
  await using peer = await startImport(databases);
  const paths = Array.from({ length: 25 }, (_, index) => `f${index}.csv`);
  for (const [index, path] of paths.entries()) await mark(peer, [file(path)], { now: 1_000 * Math.floor(index / 7) });
  await mark(peer, [file("x.csv")], { owner: "f".repeat(32) });
  const seen: string[] = [];
  const times: string[] = [];
  let cursor: string | null = null;
  do {
    const { items, next }: Awaited<ReturnType<typeof jobFiles>> = await jobFiles(peer.database.kysely, 1, JOB, {
      limit: 4,
      ...(cursor === null ? {} : { cursor }),
    });
    seen.push(...items.map(({ path }) => path));
    times.push(...items.map(({ imported_at }) => imported_at));
    cursor = next;
  } while (cursor !== null);
  assert.deepEqual([...seen].sort(), [...paths].sort());
  assert.deepEqual(times, [...times].sort().reverse());
  await assert.rejects(
    jobFiles(peer.database.kysely, 1, JOB, { cursor: "1-2" }),
    failure("config", /Cursor "1-2" is not one/),
  );
});

onEachDatabase("a ledger goes with its job, and those of an auth with the auth", async (databases) => {
  await using peer = await startImport(databases);
  const [auth, other] = ["1".repeat(32), "2".repeat(32)];
  const owner = (auth_id: string, stream: string) =>
    ledgerOwner({ job_id: null, auth_id, job_type: "csv-import" }, stream);
  const owners = [JOB, owner(auth, "a"), owner(auth, "~"), owner(other, "a")];
  for (const owner of owners) await mark(peer, [file("a.csv")], { owner });
  const left = async () => {
    const rows = await peer.database.kysely.selectFrom("imported_files").select("owner").execute();
    return owners.map((owner) => rows.some((row) => row.owner === owner));
  };
  await peer.database.write((transaction) => forgetAuthFiles(transaction, 1, auth));
  assert.deepEqual(await left(), [true, false, false, true]);
  await peer.database.write((transaction) => forgetJobFiles(transaction, 1, JOB));
  assert.deepEqual(await left(), [false, false, false, true]);
});

onEachDatabase("what the ledger is asked, an index answers", async (databases) => {
  await using peer = await startImport(databases);
  const { kysely, kind } = peer.database;
  const keys = Array.from({ length: 1_000 }, (_, index) => index.toString(16).padStart(32, "0"));
  const queries = [
    filesByKeys(kysely, { account: 1, owner: JOB, keys }),
    newestTimestamp(kysely, { account: 1, owner: JOB }),
    filesBefore(kysely, { account: 1, owner: JOB, cursor: undefined, limit: 5 }),
    filesBefore(kysely, { account: 1, owner: JOB, cursor: `7-${JOB}`, limit: 5 }),
  ];
  for (const query of queries) {
    const { sql, parameters } = query.compile();
    const plan = await explain(peer.database, sql, parameters);
    if (kind === "sqlite") assert.match(plan, /^SEARCH imported_files USING (PRIMARY KEY|(COVERING )?INDEX)/, plan);
    else assert.doesNotMatch(plan, /Seq Scan/, plan);
    assert.doesNotMatch(plan, /TEMP B-TREE/, plan);
  }
});

async function explain(database: Database, sql: string, parameters: readonly unknown[]): Promise<string> {
  if (database.kind === "sqlite") {
    const { rows } = await database.kysely.executeQuery<{ detail: string }>(
      CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]),
    );
    return rows.map(({ detail }) => detail).join("\n");
  }
  return await database.write(async (transaction) => {
    // An empty table is read from end to end whatever its indexes.
    await transaction.executeQuery(CompiledQuery.raw("set local enable_seqscan = off"));
    const { rows } = await transaction.executeQuery<{ "QUERY PLAN": string }>(
      CompiledQuery.raw(`explain ${sql}`, [...parameters]),
    );
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  });
}
