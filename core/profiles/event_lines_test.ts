import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue, Row } from "../contracts/records.ts";
import { EventLines } from "./event_lines.ts";
import { indexRows } from "./indexed_batch.ts";

const text = (lines: EventLines) => new TextDecoder().decode(lines.bytes);

const row: fc.Arbitrary<Row> = fc.record({
  fields: fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue() as fc.Arbitrary<JsonValue>),
  time: fc.oneof(fc.constantFrom(0, -1, 8.64e15, -8.64e15), fc.integer()),
}, { requiredKeys: ["fields"] });

Deno.test("a line holds the event's time and the event as it came; one without a time has the run's first start", () => {
  const lines = new EventLines();
  lines.add(indexRows([{ fields: { b: "é", a: 1 }, time: 5 }, { fields: {} }]), 7);
  lines.add(indexRows([{ fields: { a: "" }, time: -3 }]), 7);
  assert.equal(text(lines), '{"at":5,"data":{"b":"é","a":1}}\n{"at":7,"data":{}}\n{"at":-3,"data":{"a":""}}\n');
  assert.equal(lines.count, 3);
});

Deno.test("any batches give one JSON line an event", () => {
  const startedAt = -8.64e15;
  fc.assert(fc.property(fc.array(fc.array(row, { maxLength: 5 }), { maxLength: 5 }), (batches) => {
    const lines = new EventLines();
    for (const batch of batches) lines.add(indexRows(batch), startedAt);
    const rows = batches.flat();
    assert.equal(lines.count, rows.length);
    const parsed = text(lines).split("\n").slice(0, -1).map((line) =>
      parseJson<{ at: number; data: Row["fields"] }>(line)
    );
    const want = rows.map(({ fields, time = startedAt }) => ({ at: time, data: fields }));
    assert.deepEqual(parsed.map(sorted), want.map(sorted));
  }));
});

/** Keys in one order, and values as JSON keeps them. */
function sorted({ at, data }: { at: number; data: Row["fields"] }): unknown {
  return [at, Object.entries(data).map(([name, value]) => [name, JSON.stringify(value)]).sort()];
}

Deno.test("lines grow past the first memory, and the memory is used again once they are cleared", () => {
  const lines = new EventLines();
  const rows = Array.from({ length: 3_000 }, (_, index) => ({ fields: { id: index, a: "x".repeat(500) } }));
  for (let batch = 0; batch < 3; batch++) lines.add(indexRows(rows), 1);
  assert.equal(lines.count, 9_000);
  const all = text(lines);
  const once = rows.map(({ fields }) => `{"at":1,"data":${JSON.stringify(fields)}}\n`).join("");
  assert.equal(all, once.repeat(3));
  const { buffer } = lines.bytes;
  lines.clear();
  assert.deepEqual([lines.count, lines.bytes.length], [0, 0]);
  lines.add(indexRows(rows), 1);
  assert.equal(text(lines), once);
  assert.equal(lines.bytes.buffer, buffer);
});

Deno.test("many short lines find room: a line is longer than its row", () => {
  const lines = new EventLines();
  const rows = Array.from({ length: 60_000 }, () => ({ fields: {}, time: -8.64e15 }));
  lines.add(indexRows(rows), 0);
  assert.equal(text(lines), `{"at":${-8.64e15},"data":{}}\n`.repeat(60_000));
});

Deno.test("a block whose memory went to another thread goes on in what is spare, or in new memory", () => {
  const lines = new EventLines();
  for (const spare of [new Uint8Array(64), undefined]) {
    lines.add(indexRows([{ fields: { a: 1 }, time: 5 }]), 7);
    const { bytes } = lines;
    structuredClone(bytes, { transfer: [bytes.buffer] });
    lines.clear(spare);
    assert.equal(lines.count, 0);
    lines.add(indexRows([{ fields: { b: "2".repeat(100) }, time: 6 }]), 7);
    assert.equal(text(lines), `{"at":6,"data":{"b":"${"2".repeat(100)}"}}\n`);
    lines.clear();
  }
});
