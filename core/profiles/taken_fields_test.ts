import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import { compileFilter, parseFilter } from "../lql/mod.ts";
import { canTake, FieldTaker } from "./taken_fields.ts";

const encoder = new TextEncoder();

function take(fields: readonly string[], texts: readonly string[]) {
  const parts = texts.map((text) => encoder.encode(text));
  const rows = new Uint32Array(parts.length + 1);
  for (let index = 0; index < parts.length; index++) rows[index + 1] = rows[index]! + parts[index]!.length;
  const bytes = new Uint8Array(rows.at(-1)!);
  for (let index = 0; index < parts.length; index++) bytes.set(parts[index]!, rows[index]);
  return new FieldTaker(fields).take(bytes, rows);
}

const names = fc.oneof(fc.constantFrom("a", "aa", "b", "é", "e", "😀", "", "\ufeff", 'a"', "a\\", "\n", "{", "a,b"));
const texts = fc.oneof(
  fc.constantFrom('"', "\\", "\\\\", '\\"', "}", '{"a":1}', ',"a":', "\ufeffx", "\ud800", "é", "😀", "\0", "]"),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const numbers = fc.oneof(
  fc.constantFrom(0, -0, 5e-324, 1e21, 1e-7, 2 ** 53, 123456789012345, 1234567890123456, 0.1 + 0.2, 455.27),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.tuple(fc.integer({ min: 0, max: 99_999_999 }), fc.integer({ min: 0, max: 6 })).map(([digits, power]) =>
    digits / 10 ** power
  ),
);
const values = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    texts,
    numbers,
    fc.constantFrom(true, false, null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(names, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;
const profiles = fc.array(fc.dictionary(names, values, { maxKeys: 5, noNullPrototype: true }), { maxLength: 6 });
const fields = fc.uniqueArray(names, { minLength: 1, maxLength: 4 });

Deno.test("fields are what they are once a profile is parsed, however it is written", () => {
  const ways: ((profile: unknown) => string)[] = [
    (profile) => JSON.stringify(profile),
    (profile) => JSON.stringify(profile, null, 1),
    (profile) => JSON.stringify(profile).replaceAll('"a":', '"\\u0061":').replaceAll("/", "\\/"),
  ];
  fc.assert(
    fc.property(profiles, fields, fc.constantFrom(...ways), (profiles, fields, write) => {
      const written = profiles.map(write);
      const found = take(fields, written);
      for (const [index, text] of written.entries()) {
        const expected = new Map(Object.entries(parseJson<Record<string, JsonValue>>(text)));
        const profile = found.at(index);
        for (const field of fields) assert.deepEqual(profile.get(field), expected.get(field), text);
        assert.deepEqual([...profile.names()], [...expected.keys()]);
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("fields may be asked for in any order, again, and of one profile and another by turns", () => {
  const questions = fc.array(fc.tuple(fc.nat(), names), { maxLength: 20 });
  fc.assert(
    fc.property(profiles, fields, questions, (profiles, fields, questions) => {
      const found = take(fields, profiles.map((profile) => JSON.stringify(profile)));
      for (const [place, field] of profiles.length === 0 ? [] : questions) {
        const index = place % profiles.length, profile = profiles[index]!;
        const stored = Object.hasOwn(profile, field) ? parseJson(JSON.stringify(profile[field])) : undefined;
        assert.deepEqual(found.at(index).get(field), stored);
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("one object stands for each profile in turn, and tells them apart", () => {
  const found = take(["a"], ['{"a":1}', '{"a":2}']);
  const first = found.at(0), { turn } = first;
  assert.equal(found.at(1), first);
  assert.notEqual(first.turn, turn);
  assert.equal(first.get("a"), 2);
});

Deno.test("values that take a parser are what they are, met before or not, few or many", () => {
  for (const different of [3, 5_000]) {
    const lists = Array.from({ length: 10_000 }, (_, index) => [`é${index % different}`, index % different]);
    const found = take(["a"], lists.map((list) => JSON.stringify({ a: list, b: 1 })));
    assert.deepEqual(lists.map((_, index) => found.at(index).get("a")), lists);
  }
});

Deno.test("lists of texts are read as they are parsed", () => {
  for (const list of [[], ["a"], ["a", "", "b"], ["a", 1], [["a"]], ["é"], ['"'], ["a", null], [","], ["]", "["]]) {
    assert.deepEqual(take(["a"], [`{"a":${JSON.stringify(list)},"b":["x"]}`]).at(0).get("a"), list);
  }
});

Deno.test("a field is one of the profile's own, not of what it holds", () => {
  const odd = '{"b":{"a":[1,"}"]},"c":"\\"a\\":2","a":["é",{"a":4}],"d":1}';
  const found = take(["a", "e"], ['{"a":1.5}', "{}", odd]);
  assert.deepEqual([0, 1, 2].map((index) => [found.at(index).get("a"), found.at(index).get("e")]), [
    [1.5, undefined],
    [undefined, undefined],
    [["é", { a: 4 }], undefined],
  ]);
});

Deno.test("decimals are read as their text is", () => {
  const decimal = fc.tuple(fc.boolean(), fc.stringMatching(/^(0|[1-9]\d{0,16})(\.\d{1,17})?$/))
    .map(([negative, text]) => negative ? `-${text}` : text);
  fc.assert(
    fc.property(decimal, (text) => {
      assert.ok(Object.is(take(["a"], [`{"a":${text}}`]).at(0).get("a"), JSON.parse(text)), text);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("names that are no key of an object, or no UTF-8, cannot be taken", () => {
  assert.deepEqual([canTake(["a", 'b"']), canTake(["a", "__proto__"]), canTake(["\ud800"])], [true, false, false]);
});

Deno.test("filters on times decide over bytes as they do over values, whatever says the time", () => {
  const said = fc.oneof(
    fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }).map((ms) => new Date(ms).toISOString()),
    fc.constantFrom<JsonValue>(
      ...["2026-03-01T00:00:00.000Z", "2026-02-30T00:00:00.000Z", "2026-03-01T23:59:60.000Z", "2026-03-01T24:00:00.0Z"],
      ...[
        "0001-01-01T00:00:00+01Z",
        "0001-01-01T00:00+00:010Z",
        "9999-12-31T23:59:59.999Z",
        "0000-12-31T23:59:59.999Z",
      ],
      ...[
        "2026-03-01",
        "1772323200",
        "Sun, 1 Mar 2026 00:00 Z",
        "2026\\u002d03-01T00:00:0Z",
        "\u00a02026-03-01T00:00:00Z",
      ],
      ...["", "soon, and that in time Z", null, 1_772_323_200, true, ["2026-03-01T00:00:00.000Z"], { a: 1 }],
    ),
  );
  const literals = ['"2026-03-01"', '"2026-03-01T00:00:00Z"', '"now-1d"', '"now+9y"'];
  const phrases = ["=", "!=", "<", "<=", ">", ">="].flatMap((operator) =>
    literals.flatMap((
      literal,
    ) => [`at ${operator} ${literal}`, `${literal} ${operator} at`, `NOT at ${operator} ${literal}`])
  );
  const programs = phrases.map((phrase) => compileFilter(parseFilter(`FILTER ${phrase}`), () => undefined));
  const now = Date.parse("2026-03-02T00:00:00Z");
  fc.assert(
    fc.property(fc.array(fc.record({ at: said, b: values }, { requiredKeys: [] }), { maxLength: 4 }), (profiles) => {
      const taken = take(["at"], profiles.map((profile) => JSON.stringify(profile)));
      for (const [index, profile] of profiles.entries()) {
        for (const [number, { matches }] of programs.entries()) {
          assert.equal(matches(taken.at(index), { now }), matches(profile, { now }), phrases[number]);
        }
      }
    }),
  );
});
