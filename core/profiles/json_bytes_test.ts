import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "../contracts/records.ts";
import { JsonBytes } from "./json_bytes.ts";

const decoder = new TextDecoder();

Deno.test("values are written as JSON.stringify writes them, behind what is there", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.integer(),
    fc.double(),
    fc.integer({ min: -1_000_000, max: 1_000_000_000_000 }).map((number) => number / 1_000),
    fc.integer({ min: 0, max: 200_000_000_000 }).map((number) => number / 100),
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

Deno.test("times are written as ECMAScript writes them", () => {
  const day = 86_400_000;
  const time = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(time, time.map((at) => Math.trunc(at / day) * day), fc.nat(200_000_000))),
      (times) => {
        const into = new JsonBytes(new Uint8Array(1));
        for (const at of times) into.time(at);
        const text = times.map((at) => JSON.stringify(new Date(at))).join("");
        assert.equal(decoder.decode(into.bytes.subarray(0, into.length)), text);
      },
    ),
  );
});

Deno.test("whole numbers are written digit by digit, in one array after another", () => {
  const numbers = fc.array(fc.oneof(fc.maxSafeNat(), fc.nat(100), fc.constantFrom(0, Number.MAX_SAFE_INTEGER)));
  fc.assert(fc.property(numbers, numbers, (some, others) => {
    const into = new JsonBytes(new Uint8Array());
    const write = (list: readonly number[]) => {
      for (const number of list) {
        into.reserve(16);
        into.whole(number);
      }
      return into.bytes.subarray(0, into.length);
    };
    const first = write(some);
    into.begin(new Uint8Array(1));
    assert.deepEqual([write(others), first].map((bytes) => decoder.decode(bytes)), [others.join(""), some.join("")]);
  }));
});
