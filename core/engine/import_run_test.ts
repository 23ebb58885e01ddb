import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../contracts/failure.ts";
import type { ImportTarget, RunCounts } from "../contracts/job.ts";
import type { RejectedRow } from "../contracts/records.ts";
import { openDatabase } from "../database/open.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { failure } from "./engine_testing.ts";
import { ImportRun, type ImportRunOptions } from "./import_run.ts";
import { addRun, type ImportPeer, readRun, startImport } from "./import_testing.ts";
import { LeaseLost } from "./claim.ts";

/** So long that no test lasts: what commits here is never the time. */
const NO_AGE = 0x7fff_ffff;
const NONE = { read: 0, accepted: 0, rejected: 0, unchanged: 0, refused: 0 };

function startRun(peer: ImportPeer, options: Partial<ImportRunOptions> = {}): ImportRun {
  return new ImportRun({
    run: peer.claim.run,
    commits: peer.commits(),
    startedAt: 1_000,
    threshold: undefined,
    counts: NONE,
    profiles: peer.profiles,
    erased: [],
    signal: new AbortController().signal,
    bytes: () => 0,
    duration: () => 0,
    mostAge: NO_AGE,
    ...options,
  });
}

const rowsOf = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ fields: { id: String(from + index) } }));
const rejectsOf = (count: number): RejectedRow[] =>
  Array.from({ length: count }, (_, index) => ({
    raw: Uint8Array.of(255, 34),
    offset: index * 10,
    line: index + 2,
    reason: `Row ${index} has no end`,
  }));

/** Gives the run the counts of the attempts before. */
async function haveCounts({ database, claim }: ImportPeer, { read: rows_read, ...counts }: RunCounts): Promise<void> {
  await database.kysely.updateTable("runs").set({ rows_read, ...counts }).where("id", "=", claim.run).execute();
}

async function countsOf(peer: ImportPeer): Promise<number[]> {
  const { rows_read, accepted, rejected } = await peer.run();
  return [rows_read, accepted, rejected];
}

onEachDatabase(
  "rows, rejects and the position reached are committed at the end, and the counts add up",
  async (databases) => {
    await using peer = await startImport(databases);
    const run = startRun(peer, { bytes: () => 321, duration: () => 45 });
    await run.emit(rowsOf(3), { row: 3 });
    await run.reject(rejectsOf(2));
    await run.emit([{ fields: { name: "nobody" } }], { row: 6 });
    assert.deepEqual(await countsOf(peer), [0, 0, 0]);
    await run.finish();
    assert.deepEqual(await countsOf(peer), [6, 4, 2]);
    const { checkpoint, bytes, duration_ms, profiles_created } = await peer.run();
    assert.deepEqual([checkpoint, bytes, duration_ms, profiles_created], ['{"row":6}', 321, 45, 3]);
    assert.equal(run.unidentified, 1);
    assert.equal((await peer.lines("stream")).length, 4);
    assert.deepEqual((await peer.lines("rejects")).map((line) => JSON.parse(line)), [
      { line: 2, offset: 0, reason: "Row 0 has no end", raw: "/yI=" },
      { line: 3, offset: 10, reason: "Row 1 has no end", raw: "/yI=" },
    ]);
  },
);

onEachDatabase("counts always add up, and hold what the archive holds", async (databases) => {
  await using peer = await startImport(databases);
  const commits = peer.commits();
  const step = fc.oneof(
    fc.nat({ max: 4 }).map((rows) => ({ rows })),
    fc.nat({ max: 3 }).map((rejects) => ({ rejects })),
    fc.constant({ flush: true }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.nat({ max: 5 }), async (steps, before) => {
      const had = [(await peer.lines("stream")).length, (await peer.lines("rejects")).length];
      // As a later attempt of a run: what the attempts before counted is counted on.
      const counts = { read: 3 * before + 3, accepted: before + 1, rejected: before, unchanged: before, refused: 2 };
      await haveCounts(peer, counts);
      const run = startRun(peer, { commits, counts });
      let emitted = 0, rejected = 0;
      for (const [index, step] of steps.entries()) {
        if ("rows" in step) {
          emitted += step.rows;
          await run.emit(rowsOf(step.rows), index);
        } else if ("rejects" in step) {
          rejected += step.rejects;
          await run.reject(rejectsOf(step.rejects));
        } else await run.flush();
      }
      await run.finish();
      const committed = rejected > 0 || steps.some((step) => "rows" in step);
      if (!committed) return assert.equal((await peer.run()).rows_read, counts.read);
      const row = await peer.run();
      assert.equal(row.rows_read, row.accepted + row.rejected + row.unchanged + row.refused);
      assert.deepEqual([row.accepted, row.rejected], [counts.accepted + emitted, counts.rejected + rejected]);
      const have = [(await peer.lines("stream")).length, (await peer.lines("rejects")).length];
      assert.deepEqual(have, [had[0]! + emitted, had[1]! + rejected]);
    }),
    { numRuns: 30 },
  );
});

onEachDatabase("what was flushed is there for others, what was not is not", async (databases) => {
  await using peer = await startImport(databases);
  const run = startRun(peer);
  await run.emit(rowsOf(2), { row: 2 });
  await run.flush();
  await run.emit(rowsOf(1, 2), { row: 3 });
  await using other = await openDatabase(peer.address);
  const { accepted, checkpoint } = await readRun(other, peer.claim.run);
  assert.deepEqual([accepted, checkpoint], [2, '{"row":2}']);
  assert.equal((await other.kysely.selectFrom("profiles").select("id").execute()).length, 2);
  assert.equal((await peer.lines("stream")).length, 2);
});

onEachDatabase(
  "a flush with nothing to commit commits nothing, and an empty emit moves the position",
  async (databases) => {
    await using peer = await startImport(databases);
    const run = startRun(peer);
    await run.flush();
    assert.equal((await peer.run()).checkpoint, null);
    await run.emit([], { row: 0 });
    await run.flush();
    assert.equal((await peer.run()).checkpoint, '{"row":0}');
    assert.deepEqual(await peer.lines("stream"), []);
  },
);

onEachDatabase("twenty thousand rows commit by themselves, and then a hundred thousand", async (databases) => {
  await using peer = await startImport(databases);
  const run = startRun(peer, peer.unmapped);
  let row = 0, committed = 0;
  for (const many of [20_000, 100_000, 100_000]) {
    await run.emit(Array.from({ length: many - 1 }, () => ({ fields: {} })), { row: row += many - 1 });
    assert.deepEqual(await countsOf(peer), [committed, committed, 0]);
    await run.emit([{ fields: {} }], { row: ++row });
    committed = row;
    assert.deepEqual(await countsOf(peer), [committed, committed, 0]);
  }
});

onEachDatabase(
  "rows are committed while their source is silent, and rejects with the position behind them",
  async (databases) => {
    await using peer = await startImport(databases);
    await using run = startRun(peer, { mostAge: 20 });
    await run.emit(rowsOf(2), { row: 2 });
    while ((await peer.run()).accepted === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(await countsOf(peer), [2, 2, 0]);
    assert.equal((await peer.run()).checkpoint, '{"row":2}');
    await run.reject(rejectsOf(1));
    await run.emit(rowsOf(1, 2), { row: 4 });
    while ((await peer.run()).accepted === 2) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(await countsOf(peer), [4, 3, 1]);
  },
);

onEachDatabase(
  "rejects commit with the position behind them, however many rows wait before them",
  async (databases) => {
    await using peer = await startImport(databases);
    const run = startRun(peer, peer.unmapped);
    await run.emit(Array.from({ length: 19_999 }, () => ({ fields: {} })), { row: 19_999 });
    await run.reject(rejectsOf(5));
    // A crash now would give the rejects again: they must not count yet.
    assert.deepEqual(await countsOf(peer), [0, 0, 0]);
    await run.emit([], { row: 20_004 });
    assert.deepEqual(await countsOf(peer), [20_004, 19_999, 5]);
    assert.equal((await peer.run()).checkpoint, '{"row":20004}');
  },
);

onEachDatabase("rejects that fill the memory are committed without a position", async (databases) => {
  await using peer = await startImport(databases);
  const run = startRun(peer);
  const raw = new Uint8Array(1 << 20);
  const large = Array.from({ length: 128 }, (_, line) => ({ raw, offset: 0, line, reason: "Too long" }));
  // Each keeps 64 KiB of its raw bytes: 128 of them are a commit's 8 MiB.
  await run.reject(large.slice(1));
  assert.deepEqual(await countsOf(peer), [0, 0, 0]);
  await run.reject(large.slice(0, 1));
  assert.deepEqual(await countsOf(peer), [128, 0, 128]);
  const [first = ""] = await peer.lines("rejects");
  assert.equal(Uint8Array.fromBase64(JSON.parse(first).raw).length, 65_536);
});

onEachDatabase("calls that nobody waited for go one after another, in their order", async (databases) => {
  await using peer = await startImport(databases);
  const run = startRun(peer);
  const calls = [];
  for (let row = 0; row < 20; row++) calls.push(run.emit(rowsOf(1, row), { row }), run.flush());
  await Promise.all(calls);
  assert.deepEqual(
    (await peer.lines("stream")).map((line) => JSON.parse(line).data.id),
    rowsOf(20).map((row) => row.fields.id),
  );
  assert.equal((await peer.run()).checkpoint, '{"row":19}');
});

/** Emits and rejects in pieces, and finishes. */
async function importAll(
  peer: ImportPeer,
  accepted: number,
  rejected: number,
  threshold: ImportTarget["rejectThreshold"],
) {
  const run = startRun(peer, { threshold, ...peer.unmapped });
  await run.emit(rowsOf(accepted), { row: accepted });
  await run.reject(rejectsOf(rejected));
  await run.emit([], { row: accepted + rejected });
  await run.finish();
}

onEachDatabase("a threshold in rows lets just so many rows pass", async (databases) => {
  await using peer = await startImport(databases);
  await importAll(peer, 1, 3, { rows: 3 });
  await using other = await startImport(databases);
  const run = startRun(other, { threshold: { rows: 3 } });
  await run.emit(rowsOf(1), { row: 1 });
  await run.reject(rejectsOf(3));
  const refused = failure("data", /^4 of 5 rows .* the threshold of 3 rows allows; 1 row is imported and stays$/, {
    hint: new RegExp(
      `waybill run rejects ${other.claim.run}.*waybill run retry ${other.claim.run} --reject-threshold NUMBER`,
    ),
  });
  await run.emit([], { row: 4 });
  // At once, not at the end of a long file; and the rejects are there to be looked at.
  await assert.rejects(run.reject(rejectsOf(1)).then(() => run.emit([], { row: 5 })), refused);
  assert.equal((await other.lines("rejects")).length, 4);
  assert.deepEqual(await countsOf(other), [5, 1, 4]);
  await assert.rejects(run.finish(), refused);
});

onEachDatabase("a threshold of no rows fails with the first", async (databases) => {
  await using peer = await startImport(databases);
  await assert.rejects(importAll(peer, 9, 1, { rows: 0 }), failure("data", /^1 of 10 rows were rejected.*of 0 rows/));
  await using other = await startImport(databases);
  await importAll(other, 9, 0, { rows: 0 });
});

onEachDatabase(
  "a threshold in percent counts the whole run, and not before a thousand rows were read",
  async (databases) => {
    await using peer = await startImport(databases);
    await importAll(peer, 975, 25, { percent: 2.5 });
    await using over = await startImport(databases);
    await assert.rejects(
      importAll(over, 974, 26, { percent: 2.5 }),
      failure(
        "data",
        /^26 of 1000 rows were rejected, more than the threshold of 2.5 % allows; 974 rows are imported and stay$/,
      ),
    );
    await using early = await startImport(databases);
    const run = startRun(early, { threshold: { percent: 10 }, ...early.unmapped });
    await run.reject(rejectsOf(100));
    await run.emit(rowsOf(899), { row: 999 });
    await run.flush();
    await run.reject(rejectsOf(100));
    await run.emit(rowsOf(801), { row: 1_900 });
    await assert.rejects(run.flush(), failure("data", /^200 of 1900 rows/));
    await using small = await startImport(databases);
    await assert.rejects(importAll(small, 8, 2, { percent: 10 }), failure("data", /^2 of 10 rows/));
  },
);

onEachDatabase("a run fails when every row was rejected, with the first reason", async (databases) => {
  await using peer = await startImport(databases);
  await assert.rejects(
    importAll(peer, 0, 2, { percent: 100 }),
    failure("data", /^Every one of the 2 rows was rejected: Row 0 has no end$/, {
      hint: new RegExp(`waybill run rejects ${peer.claim.run}`),
    }),
  );
  assert.deepEqual(await countsOf(peer), [2, 0, 2]);
  await using empty = await startImport(databases);
  await importAll(empty, 0, 0, undefined);
  // A file that was passed is known: no later run would read it.
  await using passed = await startImport(databases);
  const run = startRun(passed);
  await run.reject(rejectsOf(2));
  const known = { owner: "o", pathKey: "k", path: "a.csv", size: 1, modified: 1, hash: "0", rows: 2, rejected: 2 };
  await run.emit([], { row: 2 }, { files: [known] });
  await assert.rejects(run.finish(), failure("data", /^Every one of the 2 rows/, { hint: /`force: true`/ }));
});

onEachDatabase("rejects of a later attempt do not fail a run that has rows of an earlier one", async (databases) => {
  await using peer = await startImport(databases);
  const counts = { ...NONE, read: 5, accepted: 5 };
  await haveCounts(peer, counts);
  const run = startRun(peer, { counts });
  await run.reject(rejectsOf(2));
  await run.finish();
  assert.deepEqual(await countsOf(peer), [7, 5, 2]);
});

onEachDatabase("after an abort nothing is taken, and the abort's own failure says why", async (databases) => {
  await using peer = await startImport(databases);
  const stop = new AbortController();
  const run = startRun(peer, { signal: stop.signal });
  await run.emit(rowsOf(1), { row: 1 });
  stop.abort(new Failure("cancelled", "The run was stopped by request"));
  const stopped = failure("cancelled", /^The run was stopped by request$/);
  for (
    const call of [() => run.emit(rowsOf(1), {}), () => run.reject(rejectsOf(1)), () => run.flush(), () => run.finish()]
  ) {
    await assert.rejects(call(), stopped);
  }
  assert.deepEqual(await countsOf(peer), [0, 0, 0]);
});

onEachDatabase("rows that are no rows fail the run for good: nothing behind them is committed", async (databases) => {
  await using peer = await startImport(databases);
  const run = startRun(peer);
  await run.emit(rowsOf(2), { row: 2 });
  await run.flush();
  const broken = { bytes: Uint8Array.of(10), rows: Uint32Array.of(0), times: Float64Array.of(NaN) };
  await assert.rejects(run.emit(broken, { row: 3 }), TypeError);
  for (const call of [() => run.emit(rowsOf(1), { row: 4 }), () => run.flush(), () => run.finish()]) {
    await assert.rejects(call(), TypeError);
  }
  assert.deepEqual(await countsOf(peer), [2, 2, 0]);
  assert.equal((await peer.run()).checkpoint, '{"row":2}');
});

onEachDatabase("a commit that fails fails its call and those after it, and counts nothing", async (databases) => {
  await using peer = await startImport(databases);
  const run = startRun(peer);
  await run.emit(rowsOf(1), { row: 1 });
  await run.flush();
  await peer.database.kysely.updateTable("runs").set({ fence: 99 }).where("id", "=", peer.claim.run).execute();
  await run.emit(rowsOf(5), { row: 6 });
  await assert.rejects(run.flush(), LeaseLost);
  await assert.rejects(run.finish(), LeaseLost);
  assert.deepEqual(await countsOf(peer), [1, 1, 0]);
  assert.equal((await peer.lines("stream")).length, 1);
});

onEachDatabase("a run is not disturbed by others of the same account", async (databases) => {
  await using peer = await startImport(databases);
  const other = await addRun(peer.database);
  await importAll(peer, 3, 1, undefined);
  assert.equal((await readRun(peer.database, other)).rows_read, 0);
});
