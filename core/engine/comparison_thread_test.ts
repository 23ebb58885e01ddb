import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { compareHere, recordBatch, Snapshot, type SnapshotStore } from "../codecs/diff/mod.ts";
import { folderSpool } from "../codecs/spool.ts";
import { CsvReader } from "../codecs/csv.ts";
import type { RecordBatch } from "../contracts/records.ts";
import type { CompareOptions, Difference, FileComparison } from "../contracts/snapshot.ts";
import { ComparisonThread } from "./comparison_thread.ts";
import { comparisonsOf, MANY_ROWS } from "./comparisons.ts";
import { failure, makeFolder } from "./engine_testing.ts";
import { startPortedHelper } from "./helper_testing.ts";
import { openSnapshot, type SnapshotFiles, snapshotFiles, writeSnapshot } from "./snapshots.ts";

const decoder = new TextDecoder();

/** A ledger's snapshots in a folder, without people who were erased; what was kept last is the present one. */
async function startPeer() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeFolder()), helper = startPortedHelper();
  stack.defer(() => helper.worker.terminate());
  const place = { folder: join(folder.path, "snapshots"), account: 1, owner: "", run: "0".repeat(32), key: SECRET };
  let present: string | undefined;
  const path = async () => present && join(place.folder, "1", present);
  const store: SnapshotStore = {
    secret: SECRET,
    open: async () => {
      const found = await path();
      return found === undefined ? undefined : await openSnapshot(found);
    },
    keep: async (bytes) => present = await writeSnapshot(place, bytes),
  };
  const files: SnapshotFiles = { ...store, path, withoutErased: async (name) => name };
  const workDir = join(folder.path, "work"), spool = folderSpool(workDir);
  const kept = stack.move();
  return {
    helper,
    files,
    place,
    workDir,
    names: async () => (await snapshotFiles(place.folder, 1)).sort(),
    bytes: (name: string) => Deno.readFile(join(place.folder, "1", name)),
    /** Makes these rows the file before. */
    before: async (batches: readonly RecordBatch[], options: CompareOptions) => {
      present = undefined;
      await using comparison = await compareHere(store, spool, options);
      for (const batch of batches) await comparison.add(batch);
      await comparison.difference();
      await comparison.keep();
    },
    here: (options: CompareOptions) => compareHere(store, spool, options),
    /** `change` does something to the file before, once this thread has opened it and before the other one does. */
    beside: async (
      { signal, ...options }: CompareOptions,
      change: (snapshot: string) => Promise<void> = () => Promise.resolve(),
    ): Promise<FileComparison> => {
      const snapshot = await path();
      assert(snapshot !== undefined);
      const before = await Snapshot.open(kept.use(await openSnapshot(snapshot)));
      await change(snapshot);
      const start = { type: "comparison", snapshot, workDir, options: { ...options, secret: SECRET } } as const;
      return new ComparisonThread(helper.port, start, { before, files, place, signal });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const SECRET = new Uint8Array(16).fill(7);

const options = (more: Partial<CompareOptions> = {}): CompareOptions => ({
  keys: ["id"],
  told: [],
  signal: new AbortController().signal,
  ...more,
});

/** All that a difference says. */
async function told({ isDifferent, nextDifferent: _, removedRows, different, ...rest }: Difference) {
  return {
    ...rest,
    numbers: Array.from({ length: rest.rows }, (_, row) => row).filter(isDifferent),
    removed: (await Array.fromAsync(removedRows(), (text) => decoder.decode(text))).sort(),
    different: different?.map(({ addition, batch, numbers }) => [
      addition,
      decoder.decode(batch.bytes),
      [...batch.rows],
      [...batch.times],
      batch.columns === undefined ? undefined : [batch.columns.names, [...batch.columns.spans]],
      [...numbers],
    ]),
  };
}

/** Adds rows as a reader does that writes its next rows into the same memory. */
async function addAll(comparison: FileComparison, batches: readonly RecordBatch[]): Promise<void> {
  for (const { bytes, rows, times, columns } of batches) {
    const own = { bytes: bytes.slice(), rows: rows.slice(), times: times.slice() };
    const batch = columns === undefined ? own : { ...own, columns: { ...columns, spans: columns.spans.slice() } };
    await comparison.add(batch);
    own.bytes.fill(0xff);
    own.rows.fill(0);
    own.times.fill(7);
  }
}

const people = (from: number, count: number, city: string) =>
  recordBatch(Array.from({ length: count }, (_, row) => ({ fields: { id: String(from + row), city } })));

function csvBatches(text: string): RecordBatch[] {
  const reader = new CsvReader({ batchRows: 3 });
  return [...reader.push(new TextEncoder().encode(text)), ...reader.finish()].map(({ batch }) => batch);
}

Deno.test("a thread finds what is found without one, and keeps the same snapshot, whatever the files hold", async () => {
  await using peer = await startPeer();
  const value = fc.constantFrom("", "a", "b", "ä", "long ".repeat(50));
  const row = fc.record({ id: fc.constantFrom("", "1", "2", "3", "12"), x: value, y: value });
  const file = fc.array(row, { minLength: 1, maxLength: 12 });
  const keys = fc.subarray(["id", "x"]);
  await fc.assert(
    fc.asyncProperty(file, file, keys, keys, fc.boolean(), async (old, now, keys, told_, isCsv) => {
      const batches = (rows: typeof old) =>
        isCsv ? csvBatches(`id,x,y\n${rows.map(({ id, x, y }) => `"${id}",${x},${y}`).join("\n")}\n`) : [
          recordBatch(rows.slice(0, 4).map((fields, time) => ({ fields, time }))),
          recordBatch(rows.slice(4).map((fields) => ({ fields }))),
        ];
      const given = options({ keys, told: told_, marker: "y" });
      await peer.before(batches(old), given);
      await using here = await peer.here(given);
      await using beside = await peer.beside(given);
      await addAll(here, batches(now));
      await addAll(beside, batches(now));
      assert.deepEqual(await told(await beside.difference()), await told(await here.difference()));
      assert.deepEqual(await peer.bytes(await beside.keep()), await peer.bytes(await here.keep()));
    }),
    { numRuns: 60 },
  );
});

Deno.test("rows that come faster than they are compared wait, and none is lost or told twice", async () => {
  await using peer = await startPeer();
  const given = options(), wide = "x".repeat(2_000);
  const batches = Array.from({ length: 40 }, (_, part) => people(500 * part, 500, wide));
  await peer.before(batches, given);
  await using beside = await peer.beside(given);
  await addAll(beside, [...batches.slice(1), people(7, 3, "other"), people(1_000_000, 1, wide)]);
  const { rows, added, changed, removed, different } = await beside.difference();
  assert.deepEqual([rows, added, changed, removed], [39 * 500 + 4, 1, 3, 497]);
  assert.deepEqual(different?.map(({ addition, numbers }) => [addition, ...numbers]), [
    [39, 19_500, 19_501, 19_502],
    [40, 19_503],
  ]);
});

Deno.test("a snapshot that is not kept does not stay, whether or not it was written by then", async () => {
  await using peer = await startPeer();
  const given = options(), batches = [people(0, 1_000, "Chur")];
  await peer.before(batches, given);
  const names = await peer.names();
  for (const compares of [false, true]) {
    await using beside = await peer.beside(given);
    await addAll(beside, batches);
    if (compares) assert.equal((await beside.difference()).unchanged, 1_000);
  }
  assert.deepEqual(await peer.names(), names);
  await using beside = await peer.beside(given);
  await addAll(beside, batches);
  await beside.difference();
  const name = await beside.keep();
  assert.deepEqual(await peer.names(), [...names, name].sort());
});

Deno.test("a run that is stopped does not wait for its comparison", async () => {
  await using peer = await startPeer();
  const stop = new AbortController(), given = options({ signal: stop.signal });
  await peer.before([people(0, 10, "Chur")], given);
  await using beside = await peer.beside(given);
  await addAll(beside, [people(0, 10, "Chur")]);
  stop.abort(new Error("stopped"));
  await assert.rejects(beside.difference(), /stopped/);
});

Deno.test("a snapshot that is replaced before the thread opens it, or is damaged, is told", async () => {
  await using peer = await startPeer();
  const given = options();
  await peer.before([people(0, 10, "Chur")], given);
  {
    const beside = await peer.beside(given, (snapshot) => Deno.remove(snapshot));
    await addAll(beside, [people(0, 10, "Chur")]);
    const gone = failure("transient", /^The snapshot of the file before was replaced/);
    await assert.rejects(beside.difference(), gone);
    await assert.rejects(addAll(beside, [people(0, 10, "Chur")]), gone);
    await beside[Symbol.asyncDispose]();
  }
  await peer.before([people(0, 10, "Chur")], given);
  await using beside = await peer.beside(given, (snapshot) => Deno.truncate(snapshot, 40));
  await assert.rejects(beside.difference(), failure("data", /^The snapshot of the file before is damaged/));
});

Deno.test("the thread compares where the file before was large", async () => {
  await using peer = await startPeer();
  const { files, place, workDir, helper } = peer;
  let asked = 0;
  const port = new Proxy(helper.port, {
    get: (target, name) => {
      if (name === "postMessage") asked++;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const snapshots = comparisonsOf(files, { place, workDir, helper: port });
  for (const rows of [MANY_ROWS - 1, MANY_ROWS]) {
    const batches = [people(0, rows, "Chur")], given = options({ told: ["id"] });
    await peer.before(batches, given);
    await using comparison = await snapshots.compare(given);
    await addAll(comparison, [people(1, rows, "Chur")]);
    const { added, unchanged, removedRows } = await comparison.difference();
    assert.deepEqual([added, unchanged], [1, rows - 1]);
    assert.deepEqual(await Array.fromAsync(removedRows(), (text) => decoder.decode(text)), ['{"id":"0"}']);
    await comparison.keep();
  }
  assert.equal(asked, 1);
});
