import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue, Row } from "../contracts/records.ts";
import { indexArchiveLines } from "./archive_batch.ts";
import { EventLines } from "./event_lines.ts";
import { type IndexedBatch, indexRows } from "./indexed_batch.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** The lines of rows as imports write them, a batch for each list. */
function linesOf(...batches: readonly (readonly Row[])[]): Uint8Array {
  const lines = new EventLines();
  for (const rows of batches) lines.add(indexRows(rows), 0);
  return lines.bytes.slice();
}

/** What an index says of its rows. */
function rowsOf({ bytes, rows, times, columns: { names, spans } }: IndexedBatch): Row[] {
  assert.equal(rows.length, times.length + 1);
  assert.equal(spans.length, 2 * names.length * times.length);
  return Array.from(times, (time, row) => {
    const fields: { [name: string]: JsonValue } = Object.create(null);
    for (const [column, name] of names.entries()) {
      const from = spans[2 * (row * names.length + column)]!, to = spans[2 * (row * names.length + column) + 1]!;
      if (from < to) fields[name] = parseJson(decoder.decode(bytes.subarray(from, to)));
    }
    return { fields: { ...fields }, time };
  });
}

const value = fc.oneof(
  fc.constantFrom<JsonValue>("", "plain", 'q"uoted', "back\\slash", '\\"', "é李", null, 1.5, true, [1, "]"], {
    a: "}",
  }),
  fc.jsonValue() as fc.Arbitrary<JsonValue>,
);
const row: fc.Arbitrary<Row> = fc.record({
  fields: fc.record({ id: value, name: value, "a:b": value }, { requiredKeys: [] }),
  time: fc.integer({ min: -10_000, max: 2 ** 41 }),
});

Deno.test("archive lines are indexed as the rows that they were written from", () => {
  fc.assert(fc.property(fc.array(fc.array(row, { maxLength: 40 }), { maxLength: 3 }), (batches) => {
    const rows = batches.flat().map(({ fields, time }) => ({
      fields: parseJson(JSON.stringify(fields)),
      time: time!,
    }));
    assert.deepEqual(rowsOf(indexArchiveLines(linesOf(...batches))), rows);
  }));
});

Deno.test("lines that are much shorter than the first one have room, and so have longer ones", () => {
  const row = (size: number, time: number): Row => ({ fields: { id: "x".repeat(size) }, time });
  for (const sizes of [[9_000, ...Array(3_000).fill(1)], [0, ...Array(300).fill(5_000)], [7], []] as number[][]) {
    const rows = sizes.map(row);
    assert.deepEqual(rowsOf(indexArchiveLines(linesOf(rows))), rows);
  }
});

Deno.test("lines whose fields change their order, or come once more, are read as objects", () => {
  const lines = '{"at":1,"data":{"a":1,"b":2}}\n{"at":-2,"data":{"b":3,"a":4}}\n{"at":3,"data":{"c":5}}\n';
  assert.deepEqual(rowsOf(indexArchiveLines(encoder.encode(lines))), [
    { fields: { a: 1, b: 2 }, time: 1 },
    { fields: { a: 4, b: 3 }, time: -2 },
    { fields: { c: 5 }, time: 3 },
  ]);
});
