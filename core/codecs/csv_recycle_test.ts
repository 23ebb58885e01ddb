import assert from "node:assert/strict";
import type { RecordBatch } from "../contracts/records.ts";
import { CsvReader } from "./csv.ts";
import { utf8 } from "./csv_testing.ts";

/** Rows of every width and length: short ones follow long ones into the same memory. */
const CSV = utf8(
  "a,b,c\n" +
    Array.from({ length: 4_000 }, (_, row) => row % 7 === 0 ? `${row}\n` : `${row},${"é".repeat((row * 31) % 900)},x\n`)
      .join(""),
);

/** The lines and spans of all batches; each is given back once it was looked at, if `recycles`. */
function read(recycles: boolean, look: (batch: RecordBatch) => void = () => {}): unknown[] {
  const reader = new CsvReader({ batchBytes: 4_096 });
  const seen: unknown[] = [];
  const take = (batch: RecordBatch) => {
    seen.push([new TextDecoder().decode(batch.bytes), [...batch.rows], [...batch.columns?.spans ?? []]]);
    look(batch);
    if (recycles) reader.recycle(batch);
  };
  for (let at = 0; at < CSV.length; at += 1_000) {
    for (const { batch } of reader.push(CSV.subarray(at, at + 1_000))) take(batch);
  }
  for (const { batch } of reader.finish()) take(batch);
  return seen;
}

Deno.test("a reader whose batches are given back reads the same, in the memory of few", () => {
  const memory = new Set<ArrayBufferLike>();
  assert.deepEqual(read(true, ({ bytes }) => memory.add(bytes.buffer)), read(false));
  assert(memory.size < 10, `${memory.size} pieces of memory`);
});

Deno.test("a batch that was transferred away and is given back does no harm", () => {
  assert.deepEqual(
    read(true, ({ bytes }) => structuredClone(0, { transfer: [bytes.buffer as ArrayBuffer] })),
    read(false),
  );
});

Deno.test("a batch without rows that is given back takes no memory along from the one after it", () => {
  const bad = (rows: number) => "one,too,many\n".repeat(rows);
  const good = (first: number) => Array.from({ length: 5 }, (_, row) => `${first + row},x\n`).join("");
  const reader = new CsvReader();
  // A chunk ends with its thousandth rejected row, once another follows.
  const [empty, ...more] = reader.push(utf8(`id,v\n${bad(1_001)}${"\n".repeat(9_000)}`));
  assert.deepEqual([empty!.batch.times.length, more], [0, []]);
  reader.recycle(empty!.batch);
  const chunks = [...reader.push(utf8(good(10) + bad(1_000) + good(20) + bad(1_000))), ...reader.finish()];
  const lines = chunks.map(({ batch }) => new TextDecoder().decode(batch.bytes)).join("");
  const row = (id: number) => `{"id":"${id}","v":"x"}\n`;
  assert.equal(lines, [10, 11, 12, 13, 14, 20, 21, 22, 23, 24].map(row).join(""));
});

Deno.test("a row that ends at the end of a batch's memory, or a few bytes from it, is read whole", () => {
  const reader = (text: string) => {
    const csv = new CsvReader({ batchBytes: 64, fields: ["name", "last"] });
    return [...csv.push(utf8(text)), ...csv.finish()].map(({ batch }) => new TextDecoder().decode(batch.bytes)).join(
      "",
    );
  };
  // A batch has 64 KiB more than its size.
  for (let length = 65_550; length < 65_610; length++) {
    for (const last of ["", "a", "abcde", '"a b"', "é", '"say ""no"""']) {
      const name = "n".repeat(length);
      const value = last === '"say ""no"""' ? 'say "no"' : last.replaceAll('"', "");
      assert.equal(
        reader(`name,skipped,last\n${name},${"s".repeat(9)},${last}\n`),
        `${JSON.stringify({ name, last: value })}\n`,
      );
    }
  }
});

Deno.test("of several batches that are given back at once, the first's memory is freed and the last's serves", () => {
  const reader = new CsvReader({ batchBytes: 65_536 });
  const text = utf8("id,v\n" + `1,${"x".repeat(1_000)}\n`.repeat(1_000));
  const chunks = reader.push(text);
  assert(chunks.length > 2);
  for (const { batch } of chunks) reader.recycle(batch);
  assert.deepEqual(chunks.slice(0, -1).map(({ batch }) => batch.bytes.length), chunks.slice(1).map(() => 0));
  const lines = reader.finish().map(({ batch }) => new TextDecoder().decode(batch.bytes)).join("");
  const more = reader.push(utf8(`2,${"y".repeat(100_000)}\n`));
  assert.deepEqual([lines.includes("y"), more.length], [false, 0]);
});
