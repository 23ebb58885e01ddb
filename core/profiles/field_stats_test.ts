import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue, Row } from "../contracts/records.ts";
import { type FieldStat, FieldStats, firstExamples } from "./field_stats.ts";
import { indexRows } from "./indexed_batch.ts";

function statsOf(...batches: Row["fields"][][]): Record<string, FieldStat> {
  const stats = new FieldStats();
  for (const batch of batches) stats.add(indexRows(batch.map((fields) => ({ fields }))));
  return Object.fromEntries(stats.fields);
}

Deno.test("a field counts where it is there and neither empty nor null", () => {
  const stats = statsOf([{ a: "x", b: "" }, { a: "", b: null }, { c: 0 }], [{ a: "y", c: false }, {}]);
  assert.deepEqual(stats, {
    a: { filled: 2, examples: ["x", "y"] },
    b: { filled: 0, examples: [] },
    c: { filled: 2, examples: [0, false] },
  });
  assert.deepEqual(Object.keys(stats), ["a", "b", "c"], "in the order they were first seen");
});

Deno.test("examples are the first five different values, whatever their type", () => {
  const values: JsonValue[] = ["1", 1, "1", [1, "é"], [1, "é"], { a: 1 }, { a: 1 }, true, "late"];
  const stats = statsOf(values.map((a) => ({ a })));
  assert.deepEqual(stats.a, { filled: 9, examples: ["1", 1, [1, "é"], { a: 1 }, true] });
  const split = statsOf(values.slice(0, 4).map((a) => ({ a })), values.slice(4).map((a) => ({ a })));
  assert.deepEqual(split, stats, "in one batch or in two");
});

Deno.test("long values make no example, and only the first thousand are looked at", () => {
  const long = "é".repeat(100);
  assert.deepEqual(statsOf([{ a: long }, { a: "x" }]).a, { filled: 2, examples: ["x"] });
  const fits = "x".repeat(198);
  assert.deepEqual(statsOf([{ a: fits }]).a?.examples, [fits], "200 bytes, quotes included");
  const same = Array.from({ length: 1_000 }, () => ({ a: "same" }));
  assert.deepEqual(statsOf([...same, { a: "other" }]).a, { filled: 1_001, examples: ["same"] });
});

Deno.test("figures equal those of the slow and obvious way", () => {
  const value = fc.oneof(
    fc.constantFrom<JsonValue>("", null, "x", "y", 0, "null", '""'),
    fc.integer({ max: 9, min: 0 }),
  );
  const row = fc.dictionary(fc.constantFrom("a", "b", "__proto__"), value);
  fc.assert(fc.property(fc.array(fc.array(row, { maxLength: 8 }), { maxLength: 4 }), (batches) => {
    const stats = new FieldStats();
    for (const batch of batches) stats.add(indexRows(batch.map((fields) => ({ fields }))));
    for (const name of ["a", "b", "__proto__"]) {
      const filled = batches.flat().filter((row) => Object.hasOwn(row, name)).map((row) => row[name]!)
        .filter((value) => value !== "" && value !== null);
      const examples = [...new Set(filled)].slice(0, 5);
      assert.deepEqual(stats.fields.get(name) ?? { filled: 0, examples: [] }, { filled: filled.length, examples });
    }
  }));
});

Deno.test("a list of examples keeps the first five that differ", () => {
  assert.deepEqual(firstExamples([[1], "a", [1], "a", {}, 1, 2, 3]), [[1], "a", {}, 1, 2]);
});
