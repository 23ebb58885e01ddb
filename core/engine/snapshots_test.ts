import assert from "node:assert/strict";
import { FileRows } from "../codecs/diff/file_rows.ts";
import { recordBatch } from "../codecs/diff/mod.ts";
import { snapshotOf } from "../codecs/diff/snapshot.ts";
import { memorySpool } from "../codecs/spool_memory.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { adoptSnapshot } from "./adopt_snapshot.ts";
import { failure, makeFolder } from "./engine_testing.ts";
import { newId } from "./ids.ts";
import { addRun, type ImportPeer, startImport } from "./import_testing.ts";
import { forgetJobFiles } from "./ledger.ts";
import { snapshotsOf, sweepAllSnapshots, sweepSnapshots } from "./snapshots.ts";

const JOB = "0123456789abcdef0123456789abcdef";

const NOBODY = async () => ({ stream: 1, erased: [] });

/** The snapshot of a file with these people. */
async function* bytesOf(...ids: string[]) {
  const options = { secret: new Uint8Array(16), keys: ["id"], told: ["id"] };
  await using rows = await FileRows.create(memorySpool(), options);
  await rows.add(recordBatch(ids.map((id) => ({ fields: { id, mail: `${id}@example.org` } }))));
  yield* snapshotOf(rows);
}

function open({ database, claim, identityKey }: ImportPeer, folder: string, { force = false, owner = JOB } = {}) {
  return snapshotsOf(database, { folder, account: 1, owner, run: claim.run, key: identityKey }, force, NOBODY);
}

/** The people of the present snapshot, in order. */
async function idsIn(snapshots: ReturnType<typeof open>): Promise<string[] | undefined> {
  await using file = await snapshots.open();
  if (file === undefined) return undefined;
  const bytes = new Uint8Array(file.size + 10);
  const filled = await file.read(0, bytes.subarray(0, 2)) + await file.read(2, bytes.subarray(2));
  const text = new TextDecoder().decode(bytes.subarray(0, filled));
  return Array.from(text.matchAll(/\{"id":"(.*?)"\}/g), ([, id]) => id!).sort();
}

const namesIn = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(`${folder}/1`), ({ name }) => name)).sort();

onEachDatabase("what is kept becomes the snapshot with the commit that names it, and not before", async (databases) => {
  await using peer = await startImport(databases);
  await using folder = await makeFolder();
  const snapshots = open(peer, folder.path);
  assert.equal(await idsIn(snapshots), undefined);
  const first = await snapshots.keep(bytesOf("Ann", "Bob"));
  assert.equal(await idsIn(snapshots), undefined);
  const snapshot = { owner: JOB, file: first };
  await peer.commits().commit(peer.batch([{ fields: { id: "1" } }], { snapshot }));
  assert.deepEqual(await idsIn(snapshots), ["Ann", "Bob"]);
  assert.equal(await idsIn(open(peer, folder.path, { force: true })), undefined, "forced, every row is new");
  assert.equal(await idsIn(open(peer, folder.path, { owner: "f".repeat(32) })), undefined);

  const second = await snapshots.keep(bytesOf("Cy"));
  await peer.database.write((transaction) =>
    adoptSnapshot(transaction, peer.claim, { owner: JOB, file: second, stream: 1 }, 7)
  );
  assert.deepEqual(await idsIn(snapshots), ["Cy"]);
  const { mode } = await Deno.stat(`${folder.path}/1/${second}`);
  assert.equal((mode ?? 0) & 0o777, 0o600);
});

onEachDatabase("files that nobody names go once their run cannot name them any more", async (databases) => {
  await using peer = await startImport(databases);
  await using folder = await makeFolder();
  const snapshots = open(peer, folder.path);
  const sweep = () => sweepSnapshots(peer.database.kysely, folder.path, 1);
  await sweep();
  const named = await snapshots.keep(bytesOf("named"));
  const waiting = await snapshots.keep(bytesOf("waiting"));
  await peer.database.write((transaction) =>
    adoptSnapshot(transaction, peer.claim, { owner: JOB, file: named, stream: 1 }, 7)
  );
  const ended = await addRun(peer.database, { status: "failed" });
  await Deno.writeTextFile(`${folder.path}/1/${ended}-0123456789abcdef`, "left by a crash");
  await sweep();
  assert.deepEqual(await namesIn(folder.path), [named, waiting].sort());
  await peer.database.kysely.updateTable("runs").set({ status: "succeeded" }).where("id", "=", peer.claim.run)
    .execute();
  await sweep();
  assert.deepEqual(await namesIn(folder.path), [named]);
  await peer.database.write((transaction) => forgetJobFiles(transaction, 1, JOB));
  await sweepAllSnapshots(peer.database.kysely, folder.path);
  assert.deepEqual(await namesIn(folder.path), []);
});

onEachDatabase("a snapshot whose file is gone is told, with what to do", async (databases) => {
  await using peer = await startImport(databases);
  await using folder = await makeFolder();
  const snapshots = open(peer, folder.path);
  const file = `${newId()}-0123456789abcdef`;
  await peer.database.write((transaction) =>
    adoptSnapshot(transaction, peer.claim, { owner: JOB, file, stream: 1 }, 7)
  );
  await assert.rejects(snapshots.open(), failure("data", /^The snapshot of the file before is gone/));
});

Deno.test("the secret of snapshots is an account's own", () => {
  const secret = (account: number, key: number) => {
    const database = { kysely: undefined } as unknown as ImportPeer["database"];
    const place = { folder: "", account, owner: JOB, run: JOB, key: new Uint8Array(16).fill(key) };
    return snapshotsOf(database, place, false, NOBODY).secret.toHex();
  };
  assert.equal(secret(1, 1).length, 32);
  assert.equal(new Set([secret(1, 1), secret(2, 1), secret(1, 2)]).size, 3);
});
