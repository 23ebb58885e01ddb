import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "../../contracts/records.ts";
import { indexRows } from "../indexed_batch.ts";
import { ChangeRows } from "./change_rows.ts";
import { ChangeTexts } from "./change_texts.ts";
import { readChanges } from "./read_changes.ts";

const attributes = fc.constantFrom("plan", "vip", "aa", "é", 'a"', "a\\", "", "customer_id", "changes", "__proto__");
const values = fc.oneof(
  fc.constantFrom<JsonValue>(1, -0.5, 1e21, true, false, null, "", "x", "é", 'a"}]', "\\", "}", ",", "\ud800"),
  fc.constantFrom<JsonValue>([], [1], {}, { a: 1 }, [{ a: "}" }]),
);
/** An operation with its parts, and others that say nothing, in any order. */
const operation = fc.uniqueArray(
  fc.oneof(
    fc.tuple(fc.constant("op"), fc.constantFrom<JsonValue>("assign", "assign", "assign", "delete", "increment")),
    fc.tuple(fc.constant("attr"), attributes),
    fc.tuple(fc.constant("value"), values),
    fc.tuple(fc.constantFrom("note", "customer_id", "x"), values),
  ),
  { minLength: 2, maxLength: 5, selector: ([name]) => name },
).map((parts): JsonValue => Object.fromEntries(parts));
/** As most rows have it. */
const usual = fc.tuple(attributes, values, fc.option(values, { nil: undefined })).map((
  [attr, value, note],
): JsonValue => ({
  op: "assign",
  attr,
  value,
  ...note !== undefined && { note },
}));
const rows = fc.array(
  fc.record({
    customer_id: fc.constantFrom("c1", "c22", "é", 'c"'),
    changes: fc.array(fc.oneof({ weight: 3, arbitrary: usual }, operation), { maxLength: 2 }),
  }),
  { maxLength: 6 },
);

Deno.test("rows that are read where they lie do what their operations say, and write what others that say it write", () => {
  const decoder = new TextDecoder();
  fc.assert(
    fc.property(rows, (rows) => {
      const batch = indexRows(rows.map((fields) => ({ fields })));
      const found = new ChangeRows(batch);
      for (const [row, { changes }] of rows.entries()) {
        if (!found.move(row)) continue;
        const read = readChanges(changes);
        if (typeof read === "string") assert.fail(read);
        assert.deepEqual(read, [[found.name, { kind: "assign", value: found.value }]]);
        const [plain, other] = [0, 1].map(() => new ChangeTexts(batch, found, new Uint8Array(64), 0));
        plain!.assign();
        other!.change(read);
        const [said, expected] = [plain, other].map((texts) => decoder.decode(texts!.bytes.subarray(0, texts!.length)));
        assert.equal(said, expected);
      }
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("a number, true or false with something else behind it in the operation is read alone", () => {
  const of = (value: JsonValue, more: Record<string, JsonValue>) => {
    const fields = { customer_id: "c1", changes: [{ op: "assign", attr: "plan", value, ...more }] };
    const rows = new ChangeRows(indexRows([{ fields }]));
    return [rows.move(0), rows.changes()];
  };
  assert.deepEqual(of(1, {}), [true, [["plan", { kind: "assign", value: 1 }]]]);
  assert.deepEqual(of(1, { vip: true }), [false, [["plan", { kind: "assign", value: 1 }]]]);
  assert.deepEqual(of(true, { customer_id: "c2" }), [false, [["plan", { kind: "assign", value: true }]]]);
});
