import assert from "node:assert/strict";
import type { Choice } from "@waybill/waybill";
import { memoryStore } from "@waybill/waybill/files";
import { fileChoices, prefixChoices } from "./choices.ts";
import { TestStore } from "./sequence_testing.ts";

const signal = new AbortController().signal;

async function take(list: AsyncIterable<Choice>, most: number): Promise<Choice[]> {
  const found: Choice[] = [];
  for await (const choice of list) {
    found.push(choice);
    if (found.length === most) break;
  }
  return found;
}

Deno.test("files are listed by name, each with its size, its time and the timestamp in its name", async () => {
  const files = new TestStore();
  files.put("in/b_20260102.csv", "x".repeat(2_048), Date.UTC(2026, 0, 3, 4, 5));
  files.put("in/a.csv", "x", Date.UTC(2026, 0, 1));
  files.put("in/.hidden.csv", "x");
  files.put("in/c\uFFFD.csv", "x");
  const list = fileChoices({ config: { folder: "in" }, connection: { files }, after: undefined, signal });
  assert.deepEqual(await take(list, 9), [
    { value: "a.csv", title: "1 bytes, 2026-01-01 00:00 UTC" },
    { value: "b_20260102.csv", title: "2.0 KiB, 2026-01-03 04:05 UTC, dated 2026-01-02 00:00" },
    { value: "c\uFFFD.csv", title: "is not called in UTF-8, and cannot be opened by its name" },
  ]);
});

Deno.test("a page in the middle of 100,000 files lists a page of them, and every file comes once", async () => {
  const files = new TestStore();
  for (let index = 0; index < 100_000; index++) files.put(`in/f${index}.csv`, "");
  const connection = { files };
  const names = [...files.files.keys()].map((path) => path.slice(3)).sort();
  for (const start of [0, 49_999, 99_500]) {
    files.pages = 0;
    const after = names[start - 1];
    const page = await take(fileChoices({ config: { folder: "in" }, connection, after, signal }), 1_000);
    assert.deepEqual(page.map(({ value }) => value), names.slice(start, start + 1_000));
    assert.equal(files.pages, 1);
  }
});

Deno.test("a list goes on after a file that is gone", async () => {
  const connection = { files: memoryStore({ "a.csv": "1", "c.csv": "1" }) };
  const list = fileChoices({ config: {}, connection, after: "b.csv", signal });
  assert.deepEqual((await take(list, 9)).map(({ value }) => value), ["c.csv"]);
});

Deno.test("the chosen file suggests its prefix", async () => {
  const suggested = async (config: object) => (await take(prefixChoices({ config }), 9)).map(({ value }) => value);
  assert.deepEqual(await suggested({ folder: "in", file: "daily/customers.v2_20260101.csv" }), ["customers\\.v2_"]);
  assert.deepEqual(await suggested({ file: "a_02182026.csv" }), []);
  assert.deepEqual(await suggested({ file: "a_02182026.csv", month_first: true }), ["a_"]);
  assert.deepEqual(await suggested({}), []);
});
