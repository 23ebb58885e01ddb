import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { Failure, type RejectedRow } from "@waybill/waybill";
import { memoryStore } from "@waybill/waybill/files";
import { type JobResult, memoryLedger, memorySnapshots, runJob } from "@waybill/waybill/testing";
import type { z } from "zod";
import { csvImport } from "./mod.ts";
import { run } from "./run.ts";

type Content = string | Uint8Array;
type Config = Partial<z.input<typeof csvImport.config>>;
type Result = JobResult<z.output<typeof csvImport.checkpoint>>;

/** A job whose files come one after another; chunks are of two rows. */
function startJob(config: Config = {}) {
  const store: Record<string, Content> = {};
  const ledger = memoryLedger(), snapshots = memorySnapshots();
  const pass = (
    more: Partial<
      Parameters<typeof runJob<typeof csvImport.auths, typeof csvImport.config, typeof csvImport.checkpoint>>[1]
    > = {},
    chunk = 2,
  ) =>
    runJob({ ...csvImport, run: (context) => run(context, chunk) } as typeof csvImport, {
      connection: { files: memoryStore(store) },
      config: {
        stream: "people",
        folder: "in",
        file: "p_20260101.csv",
        prefix: "p_",
        settle_seconds: 0,
        identify_by: ["id"],
        diff: true,
        ...config,
      },
      ledger,
      snapshots,
      ...more,
    });
  return { store, ledger, snapshots, pass };
}

const ids = (...results: readonly Result[]) => results.flatMap(({ rows }) => rows.map(({ fields }) => fields["id"]));

const unchangedIn = (...results: readonly Result[]) =>
  results.flatMap(({ commits }) => commits).reduce((sum, { unchanged }) => sum + unchanged, 0);

const lines = (from: number, to: number, name = (id: number) => `n${id}`) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index},${name(from + index)}\n`).join("");

Deno.test("of each file of a sequence only the rows that changed since the one before are imported", async () => {
  const { store, pass } = startJob();
  store["in/p_20260101.csv"] = `id,name\n${lines(1, 9)}`;
  assert.deepEqual(ids(await pass()).length, 9);
  store["in/p_20260102.csv"] = `id,name\n${lines(1, 9, (id) => id === 5 ? "five" : `n${id}`)}10,new\n`;
  store["in/p_20260103.csv"] = `id,name\n${lines(1, 9, (id) => id === 5 ? "five" : `n${id}`)}10,new\n`;
  const second = await pass();
  assert.deepEqual(ids(second), ["5", "10"]);
  assert.equal(unchangedIn(second), 8 + 10);
  assert.deepEqual(ids(await pass()), []);
});

Deno.test("neither the order of rows and columns nor packing makes a row another", async () => {
  const { store, pass } = startJob();
  store["in/p_20260101.csv"] = "id,name,city\n1,Ann,Bern\n2,Bob,Basel\n3,Cy,Chur\n";
  await pass();
  store["in/p_20260102.csv.gz"] = gzipSync("city,id,name\nChur,3,Cy\nBern,2,Bob\nBern,1,Ann\n");
  const result = await pass();
  assert.deepEqual(ids(result), ["2"]);
  assert.equal(unchangedIn(result), 2);
});

const SECOND = `id,name\n1,x\n${lines(2, 5)}bad"row,1,2\n${lines(6, 9)}10,y\n${lines(11, 13)}14,one,too many\n`;

for (
  const { name, second, changed } of [
    { name: "with few changes", second: SECOND, changed: ["1", "10", "13"] },
    // A row that is there once more cannot be told from one that is as it was before the whole file is read.
    { name: "that has to be read again", second: `${SECOND}${lines(5, 5)}`, changed: ["1", "10", "13", "5"] },
  ]
) {
  Deno.test(`a run that is killed at any commit of a file ${name} goes on: nothing twice, none lost, all counted`, async () => {
    const start = async () => {
      const job = startJob();
      job.store["in/p_20260101.csv"] = `id,name\n${lines(1, 12)}`;
      await job.pass();
      job.store["in/p_20260102.csv"] = second;
      return job;
    };
    const whole = await start();
    const undisturbed = await whole.pass();
    assert.deepEqual(
      [ids(undisturbed), undisturbed.rejected.map(({ line }) => line), unchangedIn(undisturbed)],
      [changed, [7, 16], 10],
    );
    for (let kill = 1; kill <= undisturbed.commits.length; kill++) {
      for (const chunk of [2, 3]) {
        const job = await start();
        const cut = await job.pass({ abortAfter: kill });
        const rest = await job.pass({ checkpoint: cut.commits.at(-1)!.checkpoint }, chunk);
        const rejected: readonly RejectedRow[] = [...cut.rejected, ...rest.rejected];
        assert.deepEqual(
          [ids(cut, rest), rejected.map(({ line }) => line), unchangedIn(cut, rest)],
          [changed, [7, 16], 10],
          `killed after commit ${kill}, then in chunks of ${chunk}`,
        );
        assert.deepEqual(job.snapshots.present, whole.snapshots.present);
        assert.equal(
          job.ledger.imported.get("in/p_20260102.csv")?.rows,
          undisturbed.rejected.length + 10 + changed.length,
        );
      }
    }
  });
}

Deno.test("a file with few changes is read once, and its rows are those of a second reading", async () => {
  const { store, pass } = startJob({ timestamps: ["at"], multi_value: ["name"] });
  const file = (name: string) => `id,at,name\n1,2026-01-01,a&b\n2,2026-01-02,${name}\n3,2026-01-03,c\n`;
  store["in/p_20260101.csv"] = file("b");
  const first = await pass();
  store["in/p_20260102.csv"] = file('é&"');
  let opened = 0;
  const files = memoryStore(store);
  const open = files.open.bind(files);
  files.open = (path, options) => {
    if (path === "in/p_20260102.csv") opened++;
    return open(path, options);
  };
  const { rows } = await pass({ connection: { files } });
  const compared = opened;
  assert.deepEqual(rows, [{ fields: { id: "2", at: "2026-01-02", name: ["é", '"'] }, time: first.rows[1]?.time }]);
  const plain = { stream: "people", folder: "in", file: "p_20260102.csv" };
  await runJob(csvImport, { connection: { files }, config: plain });
  assert.equal(compared, opened - compared, "as often as without a comparison");
});

Deno.test("a file that lost over half of its rows is held before a row of it is imported", async () => {
  const { store, pass, ledger } = startJob();
  store["in/p_20260101.csv"] = `id,name\n${lines(1, 10)}`;
  await pass();
  store["in/p_20260102.csv"] = `id,name\n${lines(1, 3)}4,four\n`;
  const held = await pass();
  const reason = 'File "in/p_20260102.csv" lacks 6 of the 10 rows of the file before it, more than half of them';
  assert.deepEqual([held.finished, held.held, ids(held), unchangedIn(held)], [false, reason, [], 0]);
  assert.equal(ledger.imported.has("in/p_20260102.csv"), false);
  assert.deepEqual(ids(await pass({ approved: [reason] })), ["4"]);
  store["in/p_20260103.csv"] = "";
  assert.match((await pass()).held ?? "", /^File "in\/p_20260103.csv" lacks 4 of the 4 rows/);
});

Deno.test("a late file is held against the last one, and does not take its place", async () => {
  const { store, pass } = startJob();
  store["in/p_20260101.csv"] = "id,name\n1,a\n2,b\n";
  store["in/p_20260103.csv"] = "id,name\n1,a\n2,c\n";
  await pass();
  store["in/p_20260102.csv"] = "id,name\n1,late\n2,c\n";
  assert.deepEqual(ids(await pass()), ["1"]);
  store["in/p_20260104.csv"] = "id,name\n1,a\n2,d\n";
  assert.deepEqual(ids(await pass()), ["2"]);
});

Deno.test("what tells which row it is can be chosen; without it, a row is there or not", async () => {
  const before = "id,name,mail\n1,a,x\n2,b,y\n", now = "id,name,mail\n1,b,y\n2,a,z\n";
  const changed = async (config: Config) => {
    const { store, pass } = startJob(config);
    store["in/p_20260101.csv"] = before;
    await pass();
    store["in/p_20260102.csv"] = now;
    return (await pass()).log.find(({ message }) => message.includes("is compared"))?.fields;
  };
  assert.deepEqual(await changed({}), { added: 0, changed: 2, unchanged: 0, removed: 0 });
  assert.deepEqual(await changed({ diff_keys: ["mail"] }), { added: 1, changed: 1, unchanged: 0, removed: 1 });
  assert.deepEqual(await changed({ identify_by: [] }), { added: 2, changed: 0, unchanged: 0, removed: 2 });
});

Deno.test("keys that no row has, or that are not imported, are told", async () => {
  const { store, pass } = startJob({ diff_keys: ["mial"] });
  store["in/p_20260101.csv"] = "id,mail\n1,a\n";
  await assert.rejects(pass(), (error) =>
    error instanceof Failure && error.kind === "data" &&
    error.message === 'No row of file "in/p_20260101.csv" has a value in "mial"');
  const problem = csvImport.config.safeParse({ stream: "s", file: "f", fields: ["a"], diff_keys: ["b"] });
  assert.deepEqual(problem.error?.issues.map(({ path }) => path.join()), ["diff_keys"]);
});
