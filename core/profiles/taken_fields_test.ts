import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
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
      assert.equal(found.length, profiles.length);
      for (const [index, text] of written.entries()) {
        const expected = new Map(Object.entries(parseJson<Record<string, JsonValue>>(text)));
        for (const field of fields) {
          const value = Object.hasOwn(found[index]!, field) ? found[index]![field] : null;
          assert.deepEqual(value, expected.get(field) ?? null, text);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("of what is written as usual nothing but the fields is taken", () => {
  const odd = '{"b":{"a":[1,"}"]},"c":"\\"a\\":2","a":["é",{"a":4}],"d":1}';
  assert.deepEqual(take(["a", "e"], ['{"a":1.5}', "{}", odd]), [
    { a: 1.5, e: null },
    { a: null, e: null },
    { a: ["é", { a: 4 }], e: null },
  ]);
});

Deno.test("decimals are read as their text is", () => {
  const decimal = fc.tuple(fc.boolean(), fc.stringMatching(/^(0|[1-9]\d{0,16})(\.\d{1,17})?$/))
    .map(([negative, text]) => negative ? `-${text}` : text);
  fc.assert(
    fc.property(decimal, (text) => {
      assert.ok(Object.is(take(["a"], [`{"a":${text}}`])[0]!.a, JSON.parse(text)), text);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("names that are no key of an object, or no UTF-8, cannot be taken", () => {
  assert.deepEqual([canTake(["a", 'b"']), canTake(["a", "__proto__"]), canTake(["\ud800"])], [true, false, false]);
});
