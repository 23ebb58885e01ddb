import assert from "node:assert/strict";
import fc from "fast-check";
import { valueEnd } from "./json_field_spans.ts";

const encoder = new TextEncoder();
const pieces = ['"', "\\", '\\"', "{", "}", "[", "]", ",", ":", " ", "é", "😀", "1"];
const text = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((pieces) => pieces.join(""));
const json = fc.jsonValue({ maxDepth: 4, stringUnit: text }).map((value) => JSON.stringify(value));

Deno.test("a value ends where the parser says so, whatever comes after it", () => {
  fc.assert(
    fc.property(json, fc.constantFrom(",", "}", "]", ',"a":1}', "]}"), fc.nat(9), (value, after, at) => {
      const bytes = encoder.encode(`${" ".repeat(at)}${value}${after}`);
      assert.equal(valueEnd(bytes, at, bytes.length), bytes.length - after.length);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("texts, lists and maps that are cut off, and what starts no value, are refused", () => {
  const closed = json.filter((value) => /^["[{]/.test(value));
  fc.assert(
    fc.property(closed, fc.nat(), (value, cut) => {
      const bytes = encoder.encode(value), to = cut % bytes.length;
      assert.throws(() => valueEnd(bytes, 0, to), TypeError, `${value} up to ${to}`);
    }),
    { numRuns: 1_000 },
  );
  for (const other of ["", ",", "}", "]", ":", " 1", "\n"]) {
    const bytes = encoder.encode(other);
    assert.throws(() => valueEnd(bytes, 0, bytes.length), TypeError, JSON.stringify(other));
  }
});
