import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue, Row } from "../contracts/records.ts";
import { indexRows } from "./indexed_batch.ts";
import { type GenerationDefinition, openTarget } from "./mapping.ts";
import { ProfileBatch } from "./profile_batch.ts";
import { ProfileState } from "./profile_state.ts";

const LQL =
  `SELECT id, n KIND INT MERGEOP SUM, least KIND NUMBER MERGEOP MIN, day KIND DATE MERGEOP MAX, set(tag) AS tags,
  seen KIND TS[]STRING, valuect(tag) AS counts, pairs KIND MAP[STRING]STRING, first KIND INT MERGEOP OLDEST, name KIND STRING
  FROM shop INTO user BY id`;
const FIELDS = ["id", "n", "least", "day", "tags", "seen", "counts", "pairs", "first", "name", "other"];

/** A table that stream 2 says all of this of, and stream 1 comes into as it is. */
const generation: GenerationDefinition = {
  mappings: [
    { stream: 1, definition: { kind: "default", identify_by: ["id", "first"] } },
    { stream: 2, definition: { kind: "lql", text: LQL } },
  ],
  identity: {},
};
const target = openTarget({ scope: { account: 1, table: 1 }, table: 1, generation }, new Uint8Array(16), 1);

const value: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom("x", "5", "5.0", "-1.5", "2026-03-01", "1772360107", "a=1", "", true, null, 5, 1.5, 1e300),
  fc.constantFrom<JsonValue>([], {}, ["a", "b=2"], { a: "x" }, { a: 1, b: [] }, { a: { b: 1 } }, [["a"]]),
);
const row: fc.Arbitrary<Row> = fc.record({
  fields: fc.dictionary(fc.constantFrom(...FIELDS), value).map((fields) => ({ id: "1", ...fields })),
  time: fc.nat({ max: 1e12 }),
});

const attributesOf = (rows: readonly Row[]) => {
  const batch = new ProfileBatch(target);
  batch.add(indexRows(rows), 0);
  return rows.map((_, event) => batch.attributes(event));
};

Deno.test("fields that others say a sum, an extreme, a set or a map of are cast; the rest stands as it came", () => {
  const fields = {
    id: "1",
    n: "5.0",
    least: "x",
    day: "2026-03-01",
    tags: "a",
    counts: "soon",
    pairs: ["a=1"],
    first: "7.9",
    name: 5,
    other: { b: [], a: {} },
  };
  const [first, second, third] = attributesOf([
    { fields, time: 0 },
    { fields: { id: "2", n: "x", least: "-0.5", seen: "now" }, time: 1_000 },
    { fields: { id: "3", tags: ["b", "a", "b"], counts: { a: "2", b: "x" } }, time: 0 },
  ]);
  assert.deepEqual(JSON.parse(first!), {
    id: "1",
    n: 5,
    day: "2026-03-01T00:00:00.000Z",
    tags: ["a"],
    pairs: { a: "1" },
    first: 7,
    name: 5,
    other: { b: [], a: {} },
  });
  assert.deepEqual(JSON.parse(second!), { id: "2", least: -0.5, seen: { now: "1970-01-01T00:00:01.000Z" } });
  assert.deepEqual(JSON.parse(third!), { id: "3", tags: ["a", "b"], counts: { a: 2 } });
});

Deno.test("a row writes the same beside whatever rows, and whom it names is what it writes", () => {
  fc.assert(fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), (rows) => {
    const together = attributesOf(rows);
    assert.deepEqual(together, rows.flatMap((one) => attributesOf([one])));
    const batch = new ProfileBatch(target);
    batch.add(indexRows(rows), 0);
    for (const [event, text] of together.entries()) {
      const { id, first } = JSON.parse(text);
      const named = [id, first].some((value) => typeof value === "string" || typeof value === "number");
      if (named) assert(batch.identified(event), text);
    }
  }));
});

Deno.test("what such rows add up to is the same in any order, stored in between or not", () => {
  const three = fc.array(row, { minLength: 3, maxLength: 3 });
  fc.assert(fc.property(three, (rows) => {
    const texts = attributesOf(rows);
    const folded = (order: readonly number[], store: boolean) => {
      let state: ProfileState | undefined;
      for (const event of order) {
        const stamp = [rows[event]!.time!, event + 1] as const;
        if (state !== undefined && store) state = ProfileState.ofStored(target.rules, state.store());
        if (state === undefined) state = ProfileState.ofEvent(target.rules, texts[event]!, stamp);
        else state.apply(texts[event]!, stamp);
      }
      return state!.store().attributes;
    };
    const expected = folded([0, 1, 2], false);
    for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
      for (const store of [false, true]) assert.equal(folded(order, store), expected);
    }
  }));
});
