import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure, type ImportedFile } from "@waybill/waybill";
import { type JobResult, type MemoryLedger, memoryLedger, runJob } from "@waybill/waybill/testing";
import { linesImport, testClocks, TestStore } from "./sequence_testing.ts";

const DAY = Date.UTC(2026, 0, 1);
const PREFIX = { prefix: "a_", file: "a_20260101.txt", settle_seconds: 0 };

type Job = ReturnType<typeof linesImport>;
type Checkpoint = ReturnType<Job["checkpoint"]["parse"]>;
type Result = JobResult<Checkpoint>;

const values = (...results: readonly Result[]) =>
  results.flatMap(({ rows }) => rows.map(({ fields }) => fields["value"]));

const warnings = ({ log }: Result) => log.filter(({ level }) => level === "warn").map(({ message }) => message);

/** A store with dated files, each with two lines that name it. */
function storeOf(...days: readonly string[]): TestStore {
  const files = new TestStore();
  for (const day of days) files.put(`in/a_${day}.txt`, `${day}-1\n${day}-2\n`);
  return files;
}

function pass(
  files: TestStore,
  { ledger = memoryLedger(), job = linesImport(), continuous = false, config = {}, ...more }: {
    ledger?: MemoryLedger;
    job?: Job;
    continuous?: boolean;
    config?: Parameters<typeof runJob<Job["auths"], Job["config"], Job["checkpoint"]>>[1]["config"];
    checkpoint?: Checkpoint;
    abortAfter?: number;
  } = {},
): Promise<Result> {
  return runJob(job, { connection: { files }, ledger, continuous, config: { ...PREFIX, ...config }, ...more });
}

Deno.test("from the chosen file on, files are imported in the order of their names' timestamps", async () => {
  const files = storeOf("20260103", "20260101", "20251231", "202601021200");
  files.put("in/a_2026-01-02.txt", "dashes\n", 9_000);
  files.put("in/b_20260102.txt", "other\n");
  files.put("in/a_20260102.txt.md5", "sum\n");
  files.put("in/.a_20260102.txt", "hidden\n");
  const ledger = memoryLedger();
  const result = await pass(files, { ledger });
  assert.deepEqual(values(result), [
    ...["20260101-1", "20260101-2", "dashes"],
    ...["202601021200-1", "202601021200-2", "20260103-1", "20260103-2"],
  ]);
  const marked = ledger.imported.get("in/a_20260101.txt");
  assert.deepEqual([marked?.rows, marked?.rejected, marked?.timestamp], [2, 0, DAY]);
  assert.match(marked?.hash ?? "", /^[0-9a-f]{64}$/);
  assert.deepEqual(values(await pass(files, { ledger })), []);
});

Deno.test("a continuous import of a dated file is a sequence, of one without a date the file alone", async () => {
  const files = storeOf("20260101", "20260102");
  const config = { prefix: undefined };
  assert.deepEqual(values(await pass(files, { config })).length, 2);
  assert.deepEqual(values(await pass(files, { config, continuous: true })).length, 4);

  const ledger = memoryLedger();
  files.put("in/all.txt", "1\n");
  const all = { config: { prefix: undefined, file: "all.txt" }, continuous: true, ledger };
  assert.deepEqual(values(await pass(files, all)), ["1"]);
  assert.deepEqual(values(await pass(files, all)), []);
  files.put("in/all.txt", "1\n2\n", 2_000);
  const changed = await pass(files, all);
  assert.deepEqual(values(changed), ["1", "2"]);
  assert.match(warnings(changed).join(), /has changed since it was imported: it is imported again/);
  // Whoever asks for one file gets it.
  assert.deepEqual(values(await pass(files, { ...all, continuous: false })), ["1", "2"]);
});

Deno.test("a file delivered again with the same content is skipped, with changed content imported again", async () => {
  const files = storeOf("20260101", "20260102");
  const ledger = memoryLedger();
  await pass(files, { ledger });
  const [one, two] = ["in/a_20260101.txt", "in/a_20260102.txt"];
  files.opened.length = 0;

  files.put(one, files.files.get(one)!.text, 5_000);
  assert.deepEqual(values(await pass(files, { ledger })), []);
  assert.deepEqual(files.opened, [one]);
  assert.equal(ledger.imported.get(one)?.modified, 5_000);
  assert.equal(ledger.imported.get(one)?.rows, 2);
  // By then it is known by its time again.
  assert.deepEqual(values(await pass(files, { ledger })), []);
  assert.deepEqual(files.opened, [one]);

  files.put(one, "20260101-X\n20260101-2\n".padStart(0), 6_000);
  files.put(two, "new\n", 7_000);
  const result = await pass(files, { ledger });
  assert.deepEqual(values(result), ["20260101-X", "20260101-2", "new"]);
  assert.equal(warnings(result).filter((text) => text.includes("has changed since it was imported")).length, 2);
});

Deno.test("whatever the ledger knows, a forced run imports the sequence again", async () => {
  const files = storeOf("20260101", "20260102");
  const ledger = memoryLedger();
  await pass(files, { ledger });
  const known: ImportedFile[] = [...ledger.imported.values()];
  assert.equal(values(await pass(files, { ledger: memoryLedger(known, { force: true }) })).length, 4);
});

Deno.test("a late file with an earlier date is imported, and the run says so", async () => {
  const files = storeOf("20260101", "20260103");
  const ledger = memoryLedger();
  assert.deepEqual(warnings(await pass(files, { ledger })), []);
  files.put("in/a_20260102.txt", "late\n");
  const result = await pass(files, { ledger });
  assert.deepEqual(values(result), ["late"]);
  assert.match(
    warnings(result).join(),
    /"in\/a_20260102.txt" came late: its time is 2026-01-02T00:00:00Z, and files up to 2026-01-03T00:00:00Z/,
  );
});

Deno.test("a run killed after any commit goes on there: every row once, also of files in its middle", async () => {
  const files = storeOf("20260101", "20260102", "20260103", "20260104", "20260105");
  files.put("in/a_20260102.txt", "1\n2\n3\n!\n5\n");
  const whole = await pass(files);
  assert.equal(values(whole).length, 12);
  for (let kill = 1; kill <= whole.commits.length; kill++) {
    for (const withLedger of [true, false]) {
      const ledger = memoryLedger();
      const first = await pass(files, { ledger, abortAfter: kill });
      assert.equal(first.commits.length, kill);
      const second = await pass(files, {
        ledger: withLedger ? ledger : memoryLedger(),
        checkpoint: first.commits.at(-1)!.checkpoint,
      });
      assert.deepEqual(values(first, second), values(whole), `killed after commit ${kill}`);
      assert.equal(first.rejected.length + second.rejected.length, 1);
      if (!withLedger) continue;
      assert.deepEqual([...ledger.imported.keys()].sort(), [...files.files.keys()].sort());
      assert.deepEqual([...ledger.imported.values()].map(({ rows, rejected }) => rows + 10 * rejected).sort(), [
        ...[15, 2, 2, 2, 2],
      ]);
    }
  }
});

Deno.test("whatever comes when, in any order, with kills between: each file is imported once, in order", async () => {
  const arrivals = fc.array(
    fc.record({
      day: fc.integer({ min: 0, max: 40 }),
      form: fc.constantFrom("basic", "dashes"),
      batch: fc.integer({ min: 0, max: 3 }),
      lines: fc.integer({ min: 0, max: 5 }),
    }),
    { maxLength: 14 },
  );
  await fc.assert(
    fc.asyncProperty(arrivals, fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 8 }), async (all, kills) => {
      const files = new TestStore();
      const ledger = memoryLedger();
      const expected = new Set<string>();
      const got: unknown[] = [];
      for (let batch = 0; batch <= 3; batch++) {
        for (const { day, form, lines } of all.filter((one) => one.batch === batch)) {
          const date = new Date(DAY + day * 86_400_000).toISOString().slice(0, 10);
          const path = `in/a_${form === "basic" ? date.replaceAll("-", "") : date}.txt`;
          if (files.files.has(path)) continue;
          const text = Array.from({ length: lines }, (_, line) => `${path}:${line}\n`);
          text.forEach((line) => expected.add(line.trim()));
          files.put(path, text.join(""));
        }
        let checkpoint: Checkpoint | undefined;
        const order: string[] = [];
        for (;;) {
          const abortAfter = kills.shift();
          const result: Result = await pass(files, {
            ledger,
            config: { file: undefined },
            ...(checkpoint === undefined ? {} : { checkpoint }),
            ...(abortAfter === undefined ? {} : { abortAfter }),
          });
          const rows = values(result);
          got.push(...rows);
          order.push(...rows.map((row) => String(row).replace(/^in\/a_(\d{4})-?(\d\d)-?(\d\d).*$/, "$1$2$3")));
          if (result.finished) break;
          checkpoint = result.commits.at(-1)?.checkpoint ?? checkpoint;
        }
        assert.deepEqual(order, [...order].sort(), "in order");
      }
      assert.equal(got.length, expected.size);
      assert.deepEqual(new Set(got), expected);
      assert.deepEqual([...ledger.imported.keys()].sort(), [...files.files.keys()].sort());
    }),
    { numRuns: 60 },
  );
});

Deno.test("imported files are deleted or moved, once their rows are stored", async () => {
  for (const after_import of ["delete", "move"] as const) {
    const config = after_import === "move" ? { after_import, move_to: "done" } : { after_import };
    const whole = storeOf("20260101", "20260102", "20260103");
    const { commits } = await pass(whole, { config });
    for (let kill = 1; kill <= commits.length; kill++) {
      for (const resumes of [true, false]) {
        const files = storeOf("20260101", "20260102", "20260103");
        const ledger = memoryLedger();
        const first = await pass(files, { ledger, config, abortAfter: kill });
        const done = [...ledger.imported.keys()];
        for (const path of [...whole.files.keys()].filter((path) => path.startsWith("in/"))) {
          assert.ok(files.files.has(path) || done.includes(path), "what is not stored stays");
        }
        const checkpoint = first.commits.at(-1)!.checkpoint;
        const inFile = checkpoint.current !== undefined;
        const second = await pass(files, { ledger, config, ...(resumes ? { checkpoint } : {}) });
        if (resumes || !inFile) assert.equal(values(first, second).length, 6, `killed after ${kill}`);
        assert.deepEqual(
          [...files.files.keys()].sort(),
          after_import === "delete" ? [] : ["01", "02", "03"].map((day) => `done/a_202601${day}.txt`),
        );
      }
    }
  }
});

Deno.test("a file of which no row could be read stays where it is, until some can", async () => {
  for (const after_import of ["delete", "move"] as const) {
    const config = after_import === "move" ? { after_import, move_to: "done" } : { after_import };
    const files = storeOf("20260102");
    files.put("in/a_20260101.txt", "!\n!\n");
    const ledger = memoryLedger();
    const left = () => [...files.files.keys()].filter((path) => path.startsWith("in/"));
    for (let run = 0; run < 2; run++) {
      await pass(files, { ledger, config });
      assert.deepEqual(left(), ["in/a_20260101.txt"]);
    }
    files.put("in/a_20260101.txt", "!\nx\n", 2_000);
    await pass(files, { ledger, config });
    assert.deepEqual(left(), []);
  }
});

Deno.test("a moved file takes no other's place, and one that changed meanwhile stays", async () => {
  const files = storeOf("20260101");
  files.put("done/a_20260101.txt", "before\n");
  await pass(files, { config: { after_import: "move", move_to: "done" } });
  assert.deepEqual([...files.files.keys()].sort(), ["done/a_20260101-2.txt", "done/a_20260101.txt"]);
});

Deno.test("a file that cannot be moved stays imported, and the next run tries again", async () => {
  const files = storeOf("20260101");
  const ledger = memoryLedger();
  const { move } = files;
  files.move = () => Promise.reject(new (class extends Error {})("full"));
  await assert.rejects(pass(files, { ledger, config: { after_import: "move", move_to: "done" } }), /full/);
  files.move = move;
  assert.deepEqual(values(await pass(files, { ledger, config: { after_import: "move", move_to: "done" } })), []);
  assert.deepEqual([...files.files.keys()], ["done/a_20260101.txt"]);
});

Deno.test("a file that changes between two reads, or goes, is never taken for half of it", async () => {
  const files = storeOf("20260101");
  files.put("in/a_20260101.txt", "1\n2\n3\n4\n");
  const first = await pass(files, { abortAfter: 1 });
  const checkpoint = first.commits[0]!.checkpoint;
  files.files.delete("in/a_20260101.txt");
  await assert.rejects(pass(files, { checkpoint }), { kind: "data", message: /was removed while it was imported/ });

  const other = storeOf("20260101", "20260102");
  const ledger = memoryLedger();
  other.before = (what, path) => {
    if (what === "open" && path === "in/a_20260102.txt") other.put(path, "grown\nlonger than before\n", 9_999);
  };
  await assert.rejects(pass(other, { ledger }), { kind: "data" });
  assert.equal(ledger.imported.has("in/a_20260102.txt"), false);

  const gone = storeOf("20260101", "20260102");
  gone.before = (what, path) => {
    if (what === "stat" && path === "in/a_20260101.txt") gone.files.delete(path);
  };
  const result = await pass(gone);
  assert.deepEqual(values(result), ["20260102-1", "20260102-2"]);
  assert.match(warnings(result).join(), /was gone before it could be read/);
});

Deno.test("a file that goes while it is waited for holds up no other; a folder that goes fails the run", async () => {
  const files = storeOf("20260101", "20260102");
  files.put("in/a_20260101.txt", "new\n", 999_990);
  const job = linesImport(testClocks(1_000_000, () => files.files.delete("in/a_20260101.txt")));
  const result = await pass(files, { job, config: { settle_seconds: 60 } });
  assert.deepEqual(values(result), ["20260102-1", "20260102-2"]);
  assert.match(warnings(result).join(), /"in\/a_20260101.txt" was listed, and was gone before it could be read/);

  const vanishing = storeOf("20260101", "20260102");
  vanishing.before = (what) => {
    if (what === "stat") vanishing.files.clear();
    else if (what === "list" && vanishing.files.size === 0) {
      throw new Failure("config", `"in" does not exist`, { code: "not_found" });
    }
  };
  const ledger = memoryLedger();
  await assert.rejects(pass(vanishing, { ledger }), {
    kind: "transient",
    message: 'Folder "in" was listed, and was gone before its files could be read',
  });
  assert.deepEqual([vanishing.opened, ledger.imported.size], [[], 0]);
});

Deno.test("a file that is still being written is waited for, and holds up those after it", async () => {
  const files = storeOf("20260101", "20260102");
  const path = "in/a_20260101.txt";
  let writes = 3;
  const clocks = testClocks(1_000_000, (now) => {
    if (writes-- > 0) files.put(path, `${files.files.get(path)!.text}more\n`, now);
  });
  files.put(path, "first\n", 999_990);
  const result = await pass(files, { job: linesImport(clocks), config: { settle_seconds: 60 } });
  assert.deepEqual(values(result), ["first", "more", "more", "more", "20260102-1", "20260102-2"]);

  let rounds = 0;
  const ledger = memoryLedger();
  const endless = testClocks(1_000_000, (now) => files.put(path, `${rounds++}\n`, now));
  const held = await pass(files, { ledger, job: linesImport(endless), config: { settle_seconds: 60 } });
  assert.deepEqual(values(held), []);
  assert.match(warnings(held).join(), /"in\/a_20260101.txt" is still being written: it waits for the next run/);
  assert.match(warnings(held).join(), /1 later files wait for the next run, too/);
  assert.equal(ledger.imported.size, 0);
});

Deno.test("a folder of any size is gone through in bounded memory, each file once", async () => {
  const files = new TestStore();
  for (let index = 0; index < 2_500; index++) files.put(`in/a_${1_700_000_000 + index}.txt`, `${index}\n`);
  const job = linesImport(testClocks(), 400);
  const config = { file: undefined };
  const result = await pass(files, { job, config });
  assert.deepEqual(values(result), Array.from({ length: 2_500 }, (_, index) => String(index)));
});

Deno.test("rejected rows say which file they are from, and an empty file of a sequence is passed", async () => {
  const files = storeOf("20260103");
  files.put("in/a_20260101.txt", "!\n");
  files.put("in/a_20260102.txt", "");
  const ledger = memoryLedger();
  const result = await pass(files, { ledger });
  assert.deepEqual(result.rejected.map(({ reason }) => reason), ['is no value (in "a_20260101.txt")']);
  assert.deepEqual(values(result), ["20260103-1", "20260103-2"]);
  assert.equal(ledger.imported.size, 3);
});

Deno.test("names that lead elsewhere, break lines or are no UTF-8 do no harm", async () => {
  const files = new TestStore();
  files.put("in/a_20260101.txt", "1\n");
  files.put("in/a_20260102.txt\n../../etc/passwd", "2\n");
  files.put("in/a_20260103\uFFFD.txt", "3\n");
  assert.deepEqual(values(await pass(files)), ["1"]);
});

Deno.test("what does not go together is refused when a job is saved", async () => {
  const job = linesImport();
  const check = (config: Record<string, unknown>) => job.check!(job.config.parse(config));
  await check(PREFIX);
  await assert.rejects(check({}), { kind: "config", message: /neither a file nor a prefix/ });
  await assert.rejects(check({ prefix: "a(" }), { kind: "config", message: /wrong at character 2/ });
  await assert.rejects(check({ ...PREFIX, prefix: "b_" }), {
    message: /chosen file "a_20260101.txt" is not one of the sequence: it does not match the prefix/,
    hint: "Its own prefix is a_",
  });
  await assert.rejects(check({ ...PREFIX, after_import: "move" }), { message: /nothing says where to/ });
  await assert.rejects(check({ ...PREFIX, move_to: "done" }), { message: /"keep" is what to do with them/ });
  await assert.rejects(check({ ...PREFIX, after_import: "move", move_to: "./in/" }), { message: /are already/ });
});

Deno.test("a plan lists which files would be imported, in order, and which not and why", async () => {
  const files = storeOf("20260103", "20260102", "20260101", "20251231");
  files.put("in/a_20260102_20260109.txt", "x\n");
  files.put("in/readme.txt", "x\n");
  const ledger = memoryLedger();
  const job = linesImport();
  await pass(storeOf("20260101"), { ledger });
  const { signal } = new AbortController();
  const { log, spool } = { log: { debug() {}, info() {}, warn() {}, error() {} }, spool: { create: never } };
  const context = { continuous: false, connection: { files }, signal, log, spool, files: ledger };
  const config = job.config.parse({ ...PREFIX, prefix: "a_(\\d{8}_)?" });
  const plan = await job.plan!({ ...context, config });
  assert.equal(plan.summary, 'Would import "in/a_20260102.txt", then 2 more files');
  assert.deepEqual((plan.facts["files"] as { file: string }[]).map(({ file }) => file), [
    "a_20260102.txt",
    "a_20260102_20260109.txt",
    "a_20260103.txt",
  ]);
  assert.deepEqual([plan.facts["files_imported"], plan.facts["files_skipped"]], [1, 2]);
  assert.deepEqual(plan.facts["skipped"], [
    { file: "a_20251231.txt", reason: 'is earlier than the chosen file "a_20260101.txt"' },
    { file: "readme.txt", reason: "holds no timestamp behind the prefix" },
  ]);
  assert.match(plan.notes.join(), /"a_20260102_20260109.txt" is ambiguous: "20260102" counts as its timestamp/);

  await pass(files, { ledger });
  const after = await job.plan!({ ...context, config: job.config.parse(PREFIX) });
  assert.equal(after.summary, "Would import nothing: all 4 files of the sequence are imported already");
});

function never(): Promise<never> {
  return Promise.reject(new Error("Nobody asks"));
}
