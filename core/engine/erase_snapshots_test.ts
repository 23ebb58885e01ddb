import assert from "node:assert/strict";
import { compareRows } from "../codecs/diff/compare.ts";
import { FileRows } from "../codecs/diff/file_rows.ts";
import { differenceOf, recordBatch, Snapshot } from "../codecs/diff/mod.ts";
import { snapshotOf } from "../codecs/diff/snapshot.ts";
import { memorySpool } from "../codecs/spool_memory.ts";
import { alteredDatabase } from "../database/altered_testing.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { adoptSnapshot } from "./adopt_snapshot.ts";
import { findAccount } from "./find_account.ts";
import { SYSTEM } from "./actor.ts";
import { failure } from "./engine_testing.ts";
import { ManagedContents } from "./managed/contents.ts";
import { erasuresOf } from "./erasures.ts";
import { addRun, type ImportPeer, startImport } from "./import_testing.ts";
import { erasedFor } from "./refused.ts";
import { snapshotFiles, snapshotsOf } from "./snapshots.ts";
import { executeTask } from "./task_testing.ts";

const JOB = "0123456789abcdef0123456789abcdef";

type Fields = { readonly id: string; readonly email: string; readonly card: string };

const person = (number: number): Fields => ({
  id: `Person-${number}-x`,
  email: `person.${number}@example.org`,
  card: `card-${number}`,
});
const people = (count: number) => Array.from({ length: count }, (_, number) => person(number));

/** What a file with these people gathers; `told` are the fields that its snapshot keeps. */
async function rowsOf(rows: readonly Fields[], told: readonly string[]): Promise<FileRows> {
  const gathered = await FileRows.create(memorySpool(), { secret: new Uint8Array(16), keys: [told[0]!], told });
  await gathered.add(recordBatch(rows.map((fields) => ({ fields }))));
  return gathered;
}

function snapshots({ database, claim, identityKey, place, snapshotsDir: folder }: ImportPeer) {
  const { stream } = place;
  return snapshotsOf(
    database,
    { folder, account: 1, owner: JOB, run: claim.run, key: identityKey },
    false,
    async () => ({
      stream,
      erased: await erasedFor(database.kysely, 1, stream, identityKey),
    }),
  );
}

/** Imports the people, and makes their file's snapshot the job's. */
async function importFile(peer: ImportPeer, rows: readonly Fields[], told = ["id", "email"]): Promise<void> {
  await peer.commits().commit(peer.batch(rows.map((fields) => ({ fields }))));
  const file = await snapshots(peer).keep(snapshotOf(await rowsOf(rows, told)));
  const snapshot = { owner: JOB, file, stream: peer.place.stream };
  await peer.database.write((transaction) => adoptSnapshot(transaction, peer.claim, snapshot, 7));
}

async function erase(peer: ImportPeer, ...numbers: readonly number[]) {
  const { database, vault, identityKey } = peer;
  const account = await findAccount(database.kysely, undefined);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const registry = { plugins: [], providers: [], jobs: [] } as never;
  const managed = new ManagedContents("managed");
  const context = { database, vault, registry, managed, accountId: 1, account, actor: SYSTEM, log };
  const statements = statementsFor(database.kind);
  const erasures = erasuresOf(context, { statements, identityKey, queued: async () => {} });
  let run = "";
  for (const number of numbers) ({ run_id: run } = await erasures.request("email", `PERSON.${number}@example.org`));
  return { run, finish: async () => assert.equal(await executeTask(peer, run), "succeeded") };
}

/** All that is kept in the folder of snapshots, in lower case. */
async function textsIn({ snapshotsDir }: ImportPeer): Promise<string> {
  const texts = [];
  for (const name of await snapshotFiles(snapshotsDir, 1)) {
    texts.push(new TextDecoder("latin1").decode(await Deno.readFile(`${snapshotsDir}/1/${name}`)));
  }
  return texts.join("\n").toLowerCase();
}

/** What the next file finds. */
async function nextFile(peer: ImportPeer, rows: readonly Fields[], told = ["id", "email"]) {
  await using stored = await snapshots(peer).open();
  const before = await Snapshot.open(stored!);
  const found = differenceOf(await compareRows(await rowsOf(rows, told), before), before);
  const gone = await Array.fromAsync(
    found.removedRows(),
    (text) => text.length === 0 ? undefined : JSON.parse(new TextDecoder().decode(text)).id,
  );
  const { added, changed, unchanged, removed, tellsRemoved } = found;
  return { added, changed, unchanged, removed, tellsRemoved, gone: gone.sort() };
}

onEachDatabase("a snapshot tells no more of the erased, and compares all rows as before", async (databases) => {
  await using peer = await startImport(databases);
  await importFile(peer, people(40));
  assert.match(await textsIn(peer), /person-7-x.*person\.7@/);
  const { finish } = await erase(peer, 7, 23);
  await finish();
  const text = await textsIn(peer);
  assert.doesNotMatch(text, /person-(7|23)-x|person\.(7|23)@/);
  assert.match(text, /person-8-x/);
  assert.equal((await snapshotFiles(peer.snapshotsDir, 1)).length, 1, "the one before is removed");
  const rows = people(40).filter((_, number) => ![7, 8].includes(number));
  assert.deepEqual(await nextFile(peer, rows), {
    added: 0,
    changed: 0,
    unchanged: 38,
    removed: 2,
    tellsRemoved: true,
    gone: ["Person-8-x", undefined],
  });
});

onEachDatabase("a snapshot that is kept while people are erased does not tell of them", async (databases) => {
  await using peer = await startImport(databases);
  await importFile(peer, people(5));
  await erase(peer, 3);
  const name = await snapshots(peer).keep(snapshotOf(await rowsOf(people(5), ["email", "id"])));
  const bytes = await Deno.readFile(`${peer.snapshotsDir}/1/${name}`);
  const text = new TextDecoder("latin1").decode(bytes);
  assert.doesNotMatch(text, /Person-3-x|person\.3@/);
  assert.match(text, /Person-2-x/);
});

onEachDatabase("a snapshot whose fields do not tell whom rows are about forgets all of them", async (databases) => {
  await using peer = await startImport(databases);
  await importFile(peer, people(5), ["card", "id"]);
  const { finish } = await erase(peer, 3);
  await finish();
  assert.doesNotMatch(await textsIn(peer), /card-\d|person/);
  const found = await nextFile(peer, people(4), ["card", "id"]);
  assert.deepEqual([found.unchanged, found.removed, found.tellsRemoved, found.gone], [4, 1, false, []]);
});

onEachDatabase("snapshots that nobody adopted, and such as cannot be read, are removed", async (databases) => {
  await using peer = await startImport(databases);
  await importFile(peer, people(5));
  await snapshots(peer).keep(snapshotOf(await rowsOf(people(5), ["id"])));
  const folder = `${peer.snapshotsDir}/1`;
  await Deno.writeTextFile(`${folder}/${await addRun(peer.database, { status: "failed" })}-0`, "Person-3-x, cut");
  const damaged = `${"e".repeat(32)}-0123456789abcdef`;
  await Deno.writeTextFile(`${folder}/${damaged}`, "Person-3-x, damaged");
  const row = { owner: "f".repeat(32), file: damaged, stream: peer.place.stream };
  await peer.database.write((transaction) => adoptSnapshot(transaction, peer.claim, row, 7));
  const { finish } = await erase(peer, 3);
  await finish();
  assert.equal((await snapshotFiles(peer.snapshotsDir, 1)).length, 1);
  assert.doesNotMatch(await textsIn(peer), /person-3-x/);
  const { database, claim, identityKey, snapshotsDir } = peer;
  const place = { folder: snapshotsDir, account: 1, owner: row.owner, run: claim.run, key: identityKey };
  const other = snapshotsOf(database, place, false, async () => ({ stream: 1, erased: [] }));
  await assert.rejects(other.open(), failure("data", /^The snapshot of the file before is gone/));
});

onEachDatabase("an erasure that is killed once a snapshot is replaced removes the one before", async (databases) => {
  await using peer = await startImport(databases);
  await importFile(peer, people(5));
  const { run, finish } = await erase(peer, 3);
  const { database } = peer;
  const named = async () =>
    (await database.kysely.selectFrom("snapshots").select("file").executeTakeFirstOrThrow()).file;
  const first = await named();
  let isKilled = false;
  const dying = alteredDatabase(database, {
    write: async (work, options) => {
      const result = await database.write(work, options);
      if (isKilled || await named() === first) return result;
      isKilled = true;
      throw new Error("killed");
    },
  });
  assert.equal(await executeTask({ ...peer, database: dying }, run), "failed");
  assert.equal((await snapshotFiles(peer.snapshotsDir, 1)).length, 2);
  await database.kysely.updateTable("runs").set({ status: "queued", failure: null }).where("id", "=", run).execute();
  await finish();
  assert.deepEqual(await snapshotFiles(peer.snapshotsDir, 1), [await named()]);
  assert.doesNotMatch(await textsIn(peer), /person-3-x|person\.3@/);
  assert.equal((await nextFile(peer, people(5))).unchanged, 5);
});
