import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue, Row } from "../contracts/records.ts";
import { BUILT_IN_RULES } from "./identity_rules.ts";
import { indexRows } from "./indexed_batch.ts";
import { openTarget } from "./mapping.ts";
import { buffersOf } from "./packed_batch.ts";
import { ProfileBatch } from "./profile_batch.ts";
import { plainTarget, TEST_KEY, testTarget } from "./target_testing.ts";

const identifyBy = ["id", "email"];
const target = testTarget(identifyBy);

function batchOf(...parts: Row[][]): ProfileBatch {
  const batch = new ProfileBatch(target);
  for (const rows of parts) batch.add(indexRows(rows), 77);
  return batch;
}

/** What an event is to write: sorted keys, no empty values. */
function attributesOf({ fields }: Row): string {
  const kept = Object.entries(fields).filter(([, value]) => value !== "" && value !== null)
    .sort(([a], [b]) => a < b ? -1 : 1);
  return `{${kept.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}

/** For each event, the first of those that share an identity with it, found by looking at every pair again and again. */
function rootsOf(rows: readonly Row[]): number[] {
  const names = rows.map(namesOf);
  const roots = rows.map((_, event) => event);
  for (let changed = true; changed;) {
    changed = false;
    for (const [a, own] of names.entries()) {
      for (const [b, others] of names.entries()) {
        if (roots[a]! > roots[b]! && own.some((name) => others.includes(name))) {
          roots[a] = roots[b]!;
          changed = true;
        }
      }
    }
  }
  return roots;
}

function namesOf({ fields }: Row): string[] {
  return identifyBy.flatMap((field) => {
    const values = Object.hasOwn(fields, field) ? BUILT_IN_RULES.valuesOf(field, fields[field]) : [];
    return values.map((value) => `${field}=${value}`);
  });
}

function assertSame(batch: ProfileBatch, rows: readonly Row[]): void {
  const roots = rootsOf(rows);
  const values = new Map<string, number>();
  rows.forEach((row, event) => {
    assert.equal(batch.attributes(event), attributesOf(row));
    assert.equal(batch.times[event], row.time ?? 77);
    assert.equal(batch.identified(event), namesOf(row).length > 0);
    assert.equal(batch.root(event), roots[event]);
    for (const name of namesOf(row)) if (!values.has(name)) values.set(name, event);
  });
  assert.equal(batch.count, rows.length);
  assert.equal(batch.unidentified, rows.filter((row) => namesOf(row).length === 0).length);
  const slots = Array.from({ length: batch.slots.count }, (_, slot): [string, number] => [
    `${identifyBy[batch.slots.field(slot)]}=${batch.slots.value(slot)}`,
    batch.owners[slot]!,
  ]);
  assert.deepEqual(new Map(slots), values);
  assert.equal(slots.length, values.size);
}

const ODD_KEYS = ["a", 'a"b', "1", "10", "__proto__", "constructor", "", "é", "\u0000", "\u2028", "😀", "\ud800"];
const odd: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>("", null, "null", '""', '",', '\\"', "\ud800", 0, 1e21, -0.5, false, "x".repeat(200)),
  fc.jsonValue() as fc.Arbitrary<JsonValue>,
  fc.string({ unit: "binary" }),
);
const name: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>(
    "",
    "a",
    "A",
    " a ",
    "é",
    "É",
    '"',
    "\\",
    "\u007f",
    "\ud800a",
    "\ud801a",
    1,
    "1",
    true,
    null,
    [1],
  ),
  fc.string({ maxLength: 2 }),
);
const row: fc.Arbitrary<Row> = fc.record({
  fields: fc.tuple(
    fc.dictionary(fc.constantFrom(...ODD_KEYS), odd),
    fc.record({ id: name, email: name }, { requiredKeys: [] }),
  ).map(([rest, names]) => Object.assign(rest, names)),
  time: fc.integer({ min: -5, max: 5 }),
}, { requiredKeys: ["fields"] });
const parts = fc.array(fc.array(row, { maxLength: 8 }), { maxLength: 4 });

Deno.test("events write what JSON.stringify gives of their sorted entries, and share roots by identity", () => {
  fc.assert(fc.property(parts, (parts) => assertSame(batchOf(...parts), parts.flat())), { numRuns: 300 });
});

Deno.test("a packed batch is the same on the other side", () => {
  fc.assert(fc.property(parts, (parts) => {
    const packed = batchOf(...parts).pack();
    assertSame(ProfileBatch.unpack(structuredClone(packed, { transfer: buffersOf(packed) }), target), parts.flat());
  }));
});

Deno.test("every buffer of a packed batch is handed over", () => {
  const packed = batchOf([{ fields: { id: "1" } }]).pack();
  const buffers = buffersOf(packed);
  structuredClone(packed, { transfer: buffers });
  for (const array of [...Object.values(packed), ...Object.values(packed.slots)]) {
    if (ArrayBuffer.isView(array)) assert.equal(array.byteLength, 0, "a view of memory that is gone");
  }
  assert(buffers.every(({ detached }) => detached));
});

Deno.test("a batch tells whether an event may name several of one identity field", () => {
  const named = (id: JsonValue) => {
    const batch = batchOf([{ fields: { id } }, { fields: { id: "2", other: ["a", "b"] } }]);
    return [batch.namesSeveral, batch.pack().namesSeveral];
  };
  assert.deepEqual([named("1"), named(1), named({ a: 1 }), named(["1"])], [
    [false, false],
    [false, false],
    [false, false],
    [true, true],
  ]);
});

Deno.test("whom the rows of a mapping name may be noted later, on the other side", () => {
  const text = 'SELECT id, tolower(email) AS email FROM people INTO user BY id OR email WHERE NOT (id = "b")';
  const definition = { kind: "lql", text } as const;
  const { scope, table } = plainTarget([]);
  const generation = { mappings: [{ stream: 1, definition }], identity: {} };
  const mapped = openTarget({ scope, table, generation }, TEST_KEY, 1);
  const seen = (batch: ProfileBatch) => ({
    roots: Array.from({ length: batch.count }, (_, event) => [batch.identified(event), batch.root(event)]),
    slots: Array.from(
      { length: batch.slots.count },
      (_, slot) => [batch.slots.field(slot), batch.slots.value(slot), batch.owners[slot]],
    ).sort(),
  });
  fc.assert(fc.property(parts, parts, (before, after) => {
    const spare = new ProfileBatch(mapped);
    for (const rows of before) spare.add(indexRows(rows), 77, { later: true });
    const now = new ProfileBatch(mapped), later = ProfileBatch.recycle(spare.pack(), mapped);
    for (const rows of after) {
      now.add(indexRows(rows), 77);
      later.add(indexRows(rows), 77, { later: true });
    }
    const packed = later.pack();
    const there = ProfileBatch.unpack(structuredClone(packed, { transfer: buffersOf(packed) }), mapped);
    there.name();
    assert.deepEqual(seen(there), seen(now));
  }));
});

Deno.test("a recycled batch knows nothing of the one whose memory it uses", () => {
  fc.assert(fc.property(parts, parts, (before, after) => {
    const batch = ProfileBatch.recycle(batchOf(...before).pack(), target);
    for (const rows of after) batch.add(indexRows(rows), 77);
    assertSame(batch, after.flat());
    const again = ProfileBatch.recycle(ProfileBatch.unpack(batch.pack(), target).pack(), target);
    for (const rows of before) again.add(indexRows(rows), 77);
    assertSame(again, before.flat());
  }));
});

Deno.test("a batch grows past its first memory", () => {
  const rows = Array.from({ length: 5_000 }, (_, index) => ({
    fields: { id: String(index >> 1), text: `${index}`.repeat(20) },
    time: index,
  }));
  const batch = batchOf(rows.slice(0, 1_500), rows.slice(1_500));
  assert.equal(batch.count, rows.length);
  assert.equal(batch.slots.count, rows.length / 2);
  rows.forEach((row, event) => {
    assert.equal(batch.attributes(event), attributesOf(row));
    assert.equal(batch.times[event], event);
    assert.equal(batch.root(event), event - event % 2);
  });
});

Deno.test("events that are united have one root: the first of them all", () => {
  const rows = Array.from({ length: 6 }, (_, index) => ({ fields: { id: String(index) } }));
  const batch = batchOf(rows);
  batch.unite(5, 3);
  batch.unite(1, 2);
  batch.unite(2, 5);
  assert.deepEqual(rows.map((_, event) => batch.root(event)), [0, 1, 1, 1, 4, 1]);
});

Deno.test("a batch without the identity fields names nobody", () => {
  const batch = batchOf([{ fields: { Id: "1" } }, { fields: {} }]);
  assert.deepEqual([batch.slots.count, batch.unidentified], [0, 2]);
});
