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
