import assert from "node:assert/strict";
import { Failure } from "@waybill/waybill";
import { memoryStore } from "@waybill/waybill/files";
import { type JobResult, memoryLedger, memorySnapshots, runJob, type RunJobOptions } from "@waybill/waybill/testing";
import type { z } from "zod";
import { jsonImport } from "../json_import/mod.ts";
import { csvImport } from "./mod.ts";
import { run } from "./run.ts";

type Config = Partial<z.input<typeof csvImport.config>>;
type Options = RunJobOptions<typeof csvImport.auths, typeof csvImport.config, typeof csvImport.checkpoint>;
type Result = JobResult<z.output<typeof csvImport.checkpoint>>;

/** A job whose files come one after another. */
function startJob(config: Config = {}, batchRows = 2) {
  const store: Record<string, string> = {};
  const ledger = memoryLedger(), snapshots = memorySnapshots();
  const job: typeof csvImport = { ...csvImport, run: (context) => run(context, batchRows) };
  const add = (day: number, text: string) => {
    store[`in/p_2026010${day}.csv`] = text;
  };
  const pass = (more: Partial<Options> = {}) =>
    runJob(job, {
      connection: { files: memoryStore(store) },
      config: {
        stream: "people",
        folder: "in",
        file: "p_20260101.csv",
        prefix: "p_",
        settle_seconds: 0,
        identify_by: ["id"],
        diff: true,
        removed_marker: "gone",
        ...config,
      },
      ledger,
      snapshots,
      ...more,
    });
  return { add, ledger, snapshots, pass };
}

const fieldsOf = (...results: readonly Result[]) => results.flatMap(({ rows }) => rows.map(({ fields }) => fields));
const goneIn = (...results: readonly Result[]) => fieldsOf(...results).filter(({ gone }) => gone === true);
const approve = (day: number, gone: number, of: number) =>
  `File "in/p_2026010${day}.csv" lacks ${gone} of the ${of} rows of the file before it, more than half of them`;

Deno.test("rows that are gone are imported with their keys and the marker, after those of the file", async () => {
  const { add, pass } = startJob();
  add(1, "id,name\n1,Ann\n2,Bob\n3,Cy\n,Nobody\n");
  assert.deepEqual(fieldsOf(await pass()).map(({ gone }) => gone), [false, false, false, false]);
  add(2, "id,name\n3,Cyril\n1,Ann\n4,Di\n");
  assert.deepEqual(fieldsOf(await pass()), [
    { id: "3", name: "Cyril", gone: false },
    { id: "4", name: "Di", gone: false },
    { id: "2", gone: true },
  ]);
  add(3, "id,name\n3,Cyril\n1,Ann\n4,Di\n");
  assert.deepEqual(fieldsOf(await pass()), [], "what is gone is told once");
  add(4, "id,name\n2,Bob\n3,Cyril\n4,Di\n");
  assert.deepEqual(fieldsOf(await pass()), [{ id: "2", name: "Bob", gone: false }, { id: "1", gone: true }]);
});

Deno.test("in a run of several files each tells what is gone since the one before it", async () => {
  const { add, pass } = startJob();
  add(1, "id,name\n1,a\n2,b\n3,c\n4,d\n");
  add(2, "id,name\n1,a\n2,b\n3,c\n");
  add(3, "id,name\n4,d\n1,a\n2,b\n");
  const result = await pass();
  assert.deepEqual(fieldsOf(result).slice(4), [{ id: "4", gone: true }, { id: "4", name: "d", gone: false }, {
    id: "3",
    gone: true,
  }]);
});

Deno.test("what identifies is told beside other keys, and rows of a key that is still there are not gone", async () => {
  const { add, pass } = startJob({ diff_keys: ["card", "shop"], identify_by: ["mail"] });
  add(1, "card,shop,mail,name\n7,x,a@x,A\n7,y,b@x,B\n8,x,,C\n9,x,c@x,D\n9,x,d@x,E\n5,z,e@x,F\n");
  await pass();
  add(2, "card,shop,mail,name\n7,x,a@x,A\n9,x,c@x,D\n5,z,e@x,F\n");
  assert.deepEqual(goneIn(await pass()).sort((a, b) => Number(a["card"]) - Number(b["card"])), [
    { card: "7", shop: "y", mail: "b@x", gone: true },
    { card: "8", shop: "x", gone: true },
  ]);
});

Deno.test("a run that is killed at any commit goes on, and tells every row that is gone once", async () => {
  const ids = Array.from({ length: 15_000 }, (_, id) => id);
  const file = (kept: readonly number[]) => `id,name\n${kept.map((id) => `${id},n${id}\n`).join("")}`;
  const first = file(ids), second = file([99_999, ...ids.filter((id) => id % 5 < 2)]);
  const approved = [approve(2, 9_000, 15_000)];
  const start = async () => {
    const job = startJob({}, 5_000);
    job.add(1, first);
    await job.pass();
    job.add(2, second);
    return job;
  };
  const whole = await start();
  const undisturbed = await whole.pass({ approved });
  assert.ok(undisturbed.commits.length >= 4, "the rows that are gone are handed over in parts");
  assert.equal(goneIn(undisturbed).length, 9_000);
  for (let kill = 1; kill <= undisturbed.commits.length; kill++) {
    const job = await start();
    const cut = await job.pass({ approved, abortAfter: kill });
    const rest = await job.pass({ approved, checkpoint: cut.commits.at(-1)!.checkpoint });
    assert.deepEqual(fieldsOf(cut, rest), fieldsOf(undisturbed), `killed after commit ${kill}`);
    assert.deepEqual(job.snapshots.present, whole.snapshots.present);
    assert.equal(job.ledger.imported.get("in/p_20260102.csv")?.rows, 6_001, "rows that are gone are not of the file");
    const compared = [...cut.commits, ...rest.commits].flatMap((commit) => commit.compared ?? []);
    assert.deepEqual(compared, [{ added: 1, changed: 0, removed: 9_000 }]);
  }
});

Deno.test("an empty file that was approved tells that all rows are gone", async () => {
  const { add, pass } = startJob();
  add(1, "id,name\n1,a\n2,b\n");
  await pass();
  add(2, "");
  assert.equal((await pass()).held, approve(2, 2, 2));
  const cut = await pass({ approved: [approve(2, 2, 2)], abortAfter: 1 });
  const rest = await pass({ approved: [approve(2, 2, 2)], checkpoint: cut.commits.at(-1)!.checkpoint });
  assert.deepEqual(goneIn(cut, rest).map(({ id }) => id).sort(), ["1", "2"]);
});

Deno.test("without what tells which rows are gone they are counted, and told from the next file on", async () => {
  const { add, pass } = startJob();
  add(1, "id,name\n1,a\n2,b\n3,c\n4,d\n5,e\n");
  const config = { stream: "people", folder: "in", file: "p_20260101.csv", prefix: "p_", settle_seconds: 0 };
  await pass({ config: { ...config, identify_by: ["id"], diff: true } });
  add(2, "id,name\n1,a\n2,b\n3,c\n4,d\n");
  const second = await pass();
  assert.deepEqual(fieldsOf(second), []);
  assert.match(JSON.stringify(second.log), /1 row is gone in file .*p_20260102/);
  assert.deepEqual(second.commits.at(-1)?.compared, { added: 0, changed: 0, removed: 1 });
  add(3, "id,name\n1,a\n2,b\n3,c\n");
  assert.deepEqual(goneIn(await pass()), [{ id: "4", gone: true }]);
});

Deno.test("who stands in a row that cannot be read is marked as gone, which the run tells, until a file has the row", async () => {
  const { add, pass } = startJob();
  add(1, "id,name\n1,a\n2,b\n3,c\n4,d\n5,e\n");
  await pass();
  add(2, 'id,name\n1,a\n2,b\n3,"c"x\n4,d\n5,e\n');
  const second = await pass();
  assert.deepEqual(goneIn(second), [{ id: "3", gone: true }]);
  assert.match(
    JSON.stringify(second.log),
    /1 row of file .*p_20260102.* could not be read: people of the file before who stand there are marked as gone/,
  );
  add(3, 'id,name\n1,a\n2,b\n3,c\n4,d\n5,e\n6,"f"x\n');
  const third = await pass();
  assert.deepEqual(fieldsOf(third), [{ id: "3", name: "c", gone: false }]);
  assert.doesNotMatch(JSON.stringify(third.log), /could not be read/);
});

Deno.test("a marker that the file has as a field is refused before a row is imported", async () => {
  const { add, pass } = startJob();
  add(1, "id,gone\n1,no\n");
  await assert.rejects(
    pass(),
    (error) => error instanceof Failure && error.kind === "data" && /has a field "gone" itself/.test(error.message),
  );
});

Deno.test("a marker without a diff, without keys, or with the name of a field is refused", () => {
  const problem = (config: Config) =>
    csvImport.config.safeParse({ stream: "s", file: "f", removed_marker: "gone", ...config })
      .error?.issues.map(({ path, message }) => `${path.join()} ${message}`).join();
  assert.match(problem({ identify_by: ["id"] }) ?? "", /^removed_marker needs `diff`/);
  assert.match(problem({ diff: true }) ?? "", /^removed_marker needs `diff_keys` or `identify_by`/);
  assert.match(problem({ diff: true, diff_keys: ["gone"] }) ?? "", /^removed_marker must be another name/);
  assert.match(problem({ diff: true, identify_by: ["id"], fields: ["id", "gone"] }) ?? "", /another name/);
  assert.equal(problem({ diff: true, identify_by: ["id"] }), undefined);
});

Deno.test("keys of JSON records are told as they stand: nested, and numbers of any length", async () => {
  const store: Record<string, string> = {};
  const ledger = memoryLedger(), snapshots = memorySnapshots();
  const pass = () =>
    runJob(jsonImport, {
      connection: { files: memoryStore(store) },
      config: {
        stream: "people",
        prefix: "p_",
        settle_seconds: 0,
        diff: true,
        diff_keys: ["ref", "n"],
        removed_marker: "gone",
      },
      ledger,
      snapshots,
    });
  const record = (ref: string, n: string) => `{"ref":${ref},"n":${n},"name":"x"}\n`;
  const kept = record('{"a":[1,"ü"]}', "12345678901234567890") + record('{"a":[1]}', "1.5");
  store["p_20260101.jsonl"] = kept + record('{"a":[1,{"b":null}]}', "12345678901234567891") + record("null", "1e3");
  assert.equal((await pass()).rows.length, 4);
  store["p_20260102.jsonl"] = kept;
  const { rows } = await pass();
  const fields = rows.map(({ fields }) => JSON.stringify(fields)).sort();
  assert.deepEqual(fields, [
    '{"n":1000,"gone":true}',
    '{"ref":{"a":[1,{"b":null}]},"n":"12345678901234567891","gone":true}',
  ]);
});
