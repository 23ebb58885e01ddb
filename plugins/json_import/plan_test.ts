import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { Plan } from "@waybill/waybill";
import { memorySpool } from "@waybill/waybill/codecs";
import { memoryStore } from "@waybill/waybill/files";
import { collectLog, memoryLedger } from "@waybill/waybill/testing";
import type { z } from "zod";
import { choices } from "./choices.ts";
import { jsonImport, type JsonImportConfig, type JsonImportOptions } from "./mod.ts";

const given = (files: Readonly<Record<string, string | Uint8Array>>) => ({
  connection: { files: memoryStore(files) },
  spool: memorySpool(),
  signal: new AbortController().signal,
  log: collectLog().log,
});

type Files = Readonly<Record<string, string | Uint8Array>>;

async function planOf(files: Files, config: Partial<z.input<JsonImportConfig>> = {}): Promise<Plan> {
  assert.ok(jsonImport.plan);
  return await jsonImport.plan({
    ...given(files),
    config: jsonImport.config.parse({ stream: "people", folder: "in", ...config }),
    continuous: false,
    files: memoryLedger(),
  });
}

async function listed(key: keyof typeof choices, files: Files, config: Partial<JsonImportOptions>) {
  const context = { ...given(files), config, query: "", after: undefined };
  return await Array.fromAsync(choices[key].load(context));
}

const TEXT =
  '{"id":1,"at":"2026-03-01","address":{"city":"Bern"}}\n{"id":null,"tags":["a"]}\n{"id":"x"\n{"id":3,"at":1772323200}\n';

Deno.test("a plan tells the file, its fields, its first records and their times", async () => {
  const plan = await planOf({ "in/a.jsonl.gz": gzipSync(TEXT) }, {
    file: "a.jsonl.gz",
    timestamp_field: "at",
    identify_by: ["id"],
  });
  assert.match(plan.summary, /^Would import all fields of "in\/a.jsonl.gz" \(\d+ bytes\) into stream "people"$/);
  const { format, encoding, found, fields, timestamp_field, first_times } = plan.facts;
  assert.deepEqual({ format, encoding, found, fields, timestamp_field, first_times }, {
    format: "gzip → JSON lines",
    encoding: "utf-8",
    found: ["id", "at", "address", "tags"],
    fields: ["id", "at", "address", "tags"],
    timestamp_field: "at",
    first_times: [
      { row: 1, column: "at", text: "2026-03-01", time: "2026-03-01T00:00:00Z" },
      { row: 2, column: null, text: null, time: "import time" },
      { row: 3, column: "at", text: "1772323200", time: "2026-03-01T00:00:00Z" },
    ],
  });
  assert.deepEqual(plan.sample, {
    columns: ["id", "at", "address", "tags"],
    rows: [
      ["1", "2026-03-01", '{"city":"Bern"}', null],
      [null, null, null, '["a"]'],
      ["3", "1772323200", null, null],
    ],
  });
  assert.deepEqual(plan.notes, [
    "1 of the first rows would be rejected, the first on line 3: Is not valid JSON, from character 10 on",
  ]);
});

Deno.test("a plan tells of fields that are not there, of dates that are ambiguous, and of timestamps nobody chose", async () => {
  const files = { "in/a.jsonl": '{"id":1,"when":"01/02/2026"}\n{"id":2,"when":"03/04/2026"}\n' };
  const { notes } = await planOf(files, { file: "a.jsonl", timestamp_field: "when", fields: ["id", "wen"] });
  assert.deepEqual(notes.slice(0, 1), [
    'Field "wen" of "fields" is in none of the first 2 records: did you mean "when"?',
  ]);
  assert.ok(notes.some((note) => note.includes("month first or day first")));
  const unchosen = await planOf({ "in/a.jsonl": '{"id":1,"at":"2026-03-01"}\n' }, { file: "a.jsonl" });
  assert.ok(unchosen.notes.some((note) => note.endsWith('though "at" may hold some')));
});

Deno.test("a plan of a sequence tells which files would be imported", async () => {
  const files = { "in/a_20260102.jsonl": TEXT, "in/a_20260101.jsonl": TEXT, "in/readme.txt": "" };
  const { summary, facts } = await planOf(files, { prefix: "a_" });
  assert.match(summary, /a_20260101.jsonl".*then 1 more file$/);
  assert.equal(facts.files_to_import, 2);
});

Deno.test("fields are listed from the first records, of packed files too; nested ones say so", async () => {
  const expected = [{ value: "id" }, { value: "at" }, { value: "address", title: "an object" }, {
    value: "tags",
    title: "a list",
  }];
  for (const [file, bytes] of [["a.jsonl", TEXT], ["a.jsonl.gz", gzipSync(TEXT)]] as const) {
    for (const key of ["fields", "identify_by"] as const) {
      assert.deepEqual(await listed(key, { [file]: bytes }, { file, fields: ["tags"] }), expected);
    }
  }
  const times = await listed("timestamp_field", { "a.jsonl": TEXT }, { file: "a.jsonl" });
  assert.deepEqual(times.map(({ value }) => value), ["at", "id", "address", "tags"]);
  assert.equal(times[0]?.title, 'parses as auto: "2026-03-01" is 2026-03-01T00:00:00Z');
});
