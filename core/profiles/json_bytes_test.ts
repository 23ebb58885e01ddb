import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "../contracts/records.ts";
import { isPlainString, JsonBytes } from "./json_bytes.ts";

const decoder = new TextDecoder();

Deno.test("values are written as JSON.stringify writes them, behind what is there", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.integer(),
    fc.double(),
    fc.array(fc.string()),
    fc.jsonValue(),
    fc.constantFrom("", '"', "\\", "\n", "\u2028", "\ud800", "é李😀", -0, 0, 9, 10, 1e21, null, true),
  );
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const into = new JsonBytes(new Uint8Array(8).fill(120), 1);
      for (const one of values) into.value(one as JsonValue);
      const text = `x${values.map((one) => JSON.stringify(one)).join("")}`;
      assert.equal(decoder.decode(into.bytes.subarray(0, into.length)), text);
    }),
    { numRuns: 300 },
  );
});

Deno.test("a string is plain where its bytes are what it says", () => {
  const isPlain = (json: string) => {
    const bytes = new TextEncoder().encode(`:${json},`);
    return isPlainString(bytes, 1, bytes.length - 1);
  };
  assert.deepEqual(['"a"', '"é"', '"a\\n"', '"\\u0041"', "1", "null", '["a"]'].map(isPlain), [
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});
