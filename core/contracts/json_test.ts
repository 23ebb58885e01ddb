import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson } from "./json.ts";
import type { JsonValue } from "./records.ts";

const name = fc.oneof(
  fc.string({ unit: fc.constantFrom("\\", '"', "\n", "\r", "a", "u", "é", ":", ","), maxLength: 3 }),
  fc.constantFrom("__proto__", "constructor", "0"),
);
const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(name, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 4 }),
  ),
}));

Deno.test("any value comes back from its JSON, names with escapes included", () => {
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      assert.equal(JSON.stringify(parseJson(text), undefined, indent), text);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("a name is not taken for one that another object had", () => {
  parseJson('{"x":0,"\\\\":1}');
  for (const name of ["\r", "\n", '"', "\b", "\u0001", "\\a"]) {
    assert.deepEqual(Object.keys(parseJson(JSON.stringify({ x: 0, [name]: 1 }))), ["x", name]);
  }
});

Deno.test("numbers are read as they are asked for, wherever they stand", () => {
  for (const name of ["a", "\\n"]) {
    const text = `{"${name}": [1e400, {"b" : -12345678901234567890}], "c":7}`;
    assert.deepEqual(Object.values(parseJson<object>(text, (digits) => digits)), [["1e400", {
      b: "-12345678901234567890",
    }], "7"]);
  }
});

Deno.test("what is no JSON throws what JSON.parse throws", () => {
  for (const text of ["", "{", '{"\\n":}', '{"\\n":1,}', '{"a":1 "\\"":2}', '["\\"":1]', '{"\\":1}']) {
    let expected: unknown;
    try {
      JSON.parse(text);
    } catch (error) {
      expected = error;
    }
    assert.throws(() => parseJson(text), expected as SyntaxError, text);
  }
});

Deno.test("a name that comes twice has the last value, and __proto__ is a name", () => {
  const parsed = parseJson<Record<string, JsonValue>>('{"\\n":1,"__proto__":{"a":1},"\\n":2}');
  assert.deepEqual(Object.entries(parsed), [["\n", 2], ["__proto__", { a: 1 }]]);
  assert.equal(Object.getPrototypeOf(parsed), Object.prototype);
});
