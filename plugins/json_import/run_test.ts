import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Failure } from "@waybill/waybill";
import { memoryStore } from "@waybill/waybill/files";
import { type JobResult, memoryLedger, memorySnapshots, runJob } from "@waybill/waybill/testing";
import type { z } from "zod";
import { type Checkpoint, jsonImport, type JsonImportConfig } from "./mod.ts";
import { run } from "./run.ts";

type Config = Partial<z.input<JsonImportConfig>>;

const smallBatches = { ...jsonImport, run: (context: Parameters<typeof run>[0]) => run(context, 2) };

function importText(content: string | Uint8Array, config: Config = {}): Promise<JobResult<Checkpoint>> {
  const connection = { files: memoryStore({ "in/a.jsonl": content }) };
  return runJob(jsonImport, { connection, config: { stream: "people", folder: "in", file: "a.jsonl", ...config } });
}

Deno.test("records become events with all their fields, nested ones as they are", async () => {
  const { rows, target, finished } = await importText('{"id":1,"address":{"city":"Bern"}}\n{"id":"2","tags":["a"]}\n');
  assert.deepEqual(rows, [
    { fields: { id: 1, address: { city: "Bern" } } },
    { fields: { id: "2", tags: ["a"] } },
  ]);
  assert.deepEqual(target, { stream: "people", identifyBy: [] });
  assert.equal(finished, true);
});

Deno.test("only the chosen fields are imported; the timestamp is read all the same", async () => {
  const { rows } = await importText('{"id":1,"at":"2026-03-01","__proto__":1,"x":2}\n{"x":3}\n', {
    fields: ["id", "__proto__", "none"],
    timestamp_field: "at",
  });
  assert.deepEqual(rows.map(({ fields }) => Object.entries(fields)), [[["id", 1], ["__proto__", 1]], []]);
  assert.deepEqual(rows.map(({ time }) => time), [Date.parse("2026-03-01"), undefined]);
});

Deno.test("timestamps are texts or numbers; the run says how many do not parse, also when it was interrupted", async () => {
  const text = '{"at":"2026-03-01"}\n{"at":1772323200}\n{"at":true}\n{}\n{"at":"soon"}\n{"at":1772323200123}\n';
  const { rows, log } = await importText(text, { timestamp_field: "at", timestamp_zone: "Europe/Zurich" });
  assert.deepEqual(rows.map(({ time }) => time), [
    Date.parse("2026-02-28T23:00:00Z"),
    1_772_323_200_000,
    undefined,
    undefined,
    undefined,
    1_772_323_200_123,
  ]);
  const note = "No timestamp parses in 3 records, which have the time at which the run first started";
  const said = ({ log }: Pick<JobResult<Checkpoint>, "log">) =>
    log.filter(({ level }) => level === "warn").map(({ message }) => message);
  assert.deepEqual(said({ log }), [note]);
  const options = {
    connection: { files: memoryStore({ "a.jsonl": text }) },
    config: { stream: "s", file: "a.jsonl", timestamp_field: "at" },
  };
  for (const { checkpoint } of (await runJob(smallBatches, options)).commits) {
    // With the last, everything was said.
    const again = checkpoint.done ? [] : [note];
    assert.deepEqual(said(await runJob(smallBatches, { ...options, checkpoint })), again);
  }
});

Deno.test("bad lines are rejected with the emit whose checkpoint covers them", async () => {
  const { rows, rejected, commits } = await importText('{"id":1}\n{"id":\n{"id":3}\n');
  assert.deepEqual(rows.map(({ fields }) => fields.id), [1, 3]);
  assert.deepEqual(rejected.map(({ raw, line }) => [new TextDecoder().decode(raw), line]), [['{"id":', 2]]);
  assert.deepEqual(commits.flatMap(({ rejected }) => rejected), rejected);
});

Deno.test("UTF-16 with a byte order mark is read, and gone on with", async () => {
  const text = Array.from({ length: 7 }, (_, id) => `{"id":${id},"name":"Zoë"}\n`).join("");
  const files = memoryStore({ "a.jsonl": Buffer.from(`\uFEFF${text}`, "utf16le") });
  const options = { connection: { files }, config: { stream: "s", file: "a.jsonl" } };
  const whole = await runJob(smallBatches, options);
  assert.deepEqual(whole.rows[6], { fields: { id: 6, name: "Zoë" } });
  const checkpoint = whole.commits[1]?.checkpoint;
  assert.ok(checkpoint);
  assert.deepEqual((await runJob(smallBatches, { ...options, checkpoint })).rows, whole.rows.slice(4));
});

Deno.test("a file without records, one that is not there, and one that changed are refused", async () => {
  const fails = (kind: Failure["kind"], message: RegExp) => (error: unknown) =>
    error instanceof Failure && error.kind === kind && message.test(error.message);
  await assert.rejects(importText(""), fails("data", /^File "in\/a.jsonl" holds no records$/));
  await assert.rejects(importText("\n \n"), fails("data", /holds no records$/));
  await assert.rejects(importText("{}", { file: "b.jsonl" }), fails("config", /"in\/b.jsonl" does not exist/));
  const store = memoryStore({ "a.jsonl": '{"id":1}\n{"id":2}\n{"id":3}\n' });
  const options = { connection: { files: store }, config: { stream: "s", file: "a.jsonl" } };
  const { commits: [first] } = await runJob(smallBatches, options);
  assert.ok(first);
  await store.write("a.jsonl", new Blob(['{"id":9}\n']).stream());
  await assert.rejects(
    runJob(smallBatches, { ...options, checkpoint: first.checkpoint }),
    fails("data", /changed since the run began, which cannot go on at its line 3$/),
  );
});

Deno.test("progress counts the file's bytes, to the last of them", async () => {
  const text = '{"id":1}\n'.repeat(50_000);
  const { progress, commits } = await importText(text);
  assert.ok(commits.length > 1);
  assert.deepEqual(progress.at(-1), { done: text.length, total: text.length, unit: "bytes", note: "a.jsonl" });
});

Deno.test("what cannot be read later is refused when the job is saved", () => {
  const problem = (input: object) => {
    const issue = jsonImport.config.safeParse({ stream: "s", file: "a", ...input }).error?.issues[0];
    return issue && [issue.path[0], issue.message];
  };
  assert.equal(problem({}), undefined);
  assert.deepEqual(problem({ timestamp_zone: "Europe/Berln" }), [
    "timestamp_zone",
    'Time zone "Europe/Berln" is not known: did you mean "Europe/Berlin"?',
  ]);
  assert.equal(problem({ timestamp_format: "ymd" })?.[0], "timestamp_format");
  assert.equal(problem({ file: "" })?.[0], "file");
  assert.match(String(problem({ encoding: "utf-9" })?.[1]), /did you mean "utf-8"/);
  assert.equal(problem({ fields: ["name"], identify_by: ["email"] })?.[0], "identify_by");
});

Deno.test("a file that is no JSON lines is refused before a row of it, with what to do", async () => {
  const refused = (message: RegExp, hint: RegExp) => (error: unknown) =>
    error instanceof Failure && error.kind === "data" && message.test(error.message) && hint.test(error.hint ?? "");
  const list = refused(/^File "in\/a.jsonl" begins with a list, and has to hold one record on each line$/, /jq -c/);
  for (const text of ['[{"id":1}]', '\uFEFF \n[\n{"id":1},\n{"id":2}]\n', "[[1]]"]) {
    await assert.rejects(importText(text), list);
  }
  const spread = refused(/has records over several lines/, /jq -c/);
  for (const text of ['{\n  "id": 1\n}\n', '\n{\r\n"id":1}']) await assert.rejects(importText(text), spread);
  const wide = Buffer.from('{"id":1}\n', "utf16le");
  await assert.rejects(importText(wide), refused(/is not in UTF-8: it holds NUL bytes/, /`encoding: utf-16le`/));
  assert.deepEqual((await importText(wide, { encoding: "utf-16le" })).rows, [{ fields: { id: 1 } }]);
});

Deno.test("rejected lines are in UTF-8, and the same settings read them", async () => {
  const latin = Buffer.from('{"id":"Zo\u00eb"}\n{"name":"Zo\u00eb"\n', "latin1");
  let mended = new Uint8Array(0);
  const keeping = {
    ...jsonImport,
    run: (context: Parameters<typeof run>[0]) =>
      run({
        ...context,
        reject: (rows, preamble) => {
          mended = Buffer.concat([preamble ?? new Uint8Array(0), ...rows.map(({ raw }) => raw), Buffer.from("}\n")]);
          return context.reject(rows, preamble);
        },
      }),
  };
  const config = { stream: "s", file: "a.jsonl", encoding: "windows-1252" };
  const { rows } = await runJob(keeping, { connection: { files: memoryStore({ "a.jsonl": latin }) }, config });
  assert.deepEqual(rows, [{ fields: { id: "Zo\u00eb" } }]);
  assert.deepEqual((await importText(mended, { encoding: "windows-1252" })).rows, [{ fields: { name: "Zo\u00eb" } }]);
});

Deno.test("only the timestamp is left out of records that are read for it, wherever it stands", async () => {
  const text = '{"at":"2026-03-01","id":1}\n{"id":2,"x":{"y":1},"at":1772323200}\n{"id":3}\n{"x":1}\n';
  const { rows } = await importText(text, { fields: ["id", "x"], timestamp_field: "at" });
  assert.deepEqual(rows, [
    { fields: { id: 1 }, time: Date.parse("2026-03-01") },
    { fields: { id: 2, x: { y: 1 } }, time: 1_772_323_200_000 },
    { fields: { id: 3 } },
    { fields: { x: 1 } },
  ]);
});

Deno.test("with a diff only records that were added or changed are imported, in whatever order their fields stand", async () => {
  const before = '{"id":1,"a":{"x":1},"b":2}\n{"id":2,"tags":["a"]}\n{"id":3}\n{"id":4}\n{"id":5}\n';
  const now =
    '{"b":2,"id":1,"a":{"x":1}}\n{"id":5}\n{"id":2,"tags":["b"]}\n!\n{"id":4,"new":null}\n{"id":3}\n{"id":6}\n';
  const files: Record<string, string> = { "p_20260101.jsonl": before };
  const config = { stream: "s", prefix: "p_", settle_seconds: 0, identify_by: ["id"], diff: true };
  const start = () => {
    const [ledger, snapshots] = [memoryLedger(), memorySnapshots()];
    return (more: { abortAfter?: number; checkpoint?: Checkpoint } = {}) =>
      runJob(smallBatches, { connection: { files: memoryStore(files) }, config, ledger, snapshots, ...more });
  };
  const pass = start();
  assert.equal((await pass()).rows.length, 5);
  files["p_20260102.jsonl"] = now;
  const whole = await pass();
  const seen = (...results: readonly JobResult<Checkpoint>[]) => ({
    ids: results.flatMap(({ rows }) => rows.map(({ fields }) => fields["id"])),
    unchanged: results.flatMap(({ commits }) => commits).reduce((sum, commit) => sum + commit.unchanged, 0),
    rejected: results.flatMap(({ rejected }) => rejected.map(({ line }) => line)),
  });
  assert.deepEqual(seen(whole), { ids: [2, 6], unchanged: 4, rejected: [4] });
  for (let kill = 1; kill <= whole.commits.length; kill++) {
    delete files["p_20260102.jsonl"];
    const again = start();
    await again();
    files["p_20260102.jsonl"] = now;
    const cut = await again({ abortAfter: kill });
    const rest = await again({ checkpoint: cut.commits.at(-1)!.checkpoint });
    assert.deepEqual(seen(cut, rest), seen(whole), `killed after commit ${kill}`);
  }
});
