import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "../contracts/records.ts";
import { castTo } from "./casts.ts";
import { exactSum } from "./exact_sum.ts";
import { mergeValues, type OrderFreeOp, shownValue } from "./fold.ts";
import { type Kind, KINDS } from "./kinds.ts";

const KIND_NAMES = Object.keys(KINDS) as Kind[];

/** Contributions of a kind: what the cast to it makes of random values. */
function contributions(kind: Kind): fc.Arbitrary<JsonValue> {
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    fc.integer({ min: -500, max: 500 }).map((cents) => cents / 100),
    fc.constantFrom(
      0.1,
      0.2,
      1e21,
      -1e21,
      5e-324,
      9007199254740991,
      123456789012.34,
      1.7976931348623157e308,
      -1.7976931348623157e308,
    ),
  );
  const text = fc.constantFrom("a", "b", "é", "\u{1f600}", "\uffee", "__proto__", "10", "9");
  const time = fc.integer({ min: 0, max: 4e12 }).map((ms) => new Date(ms).toISOString());
  const scalar = fc.oneof(number, text, time);
  const any: fc.Arbitrary<JsonValue> = fc.oneof(
    scalar,
    fc.array(scalar, { maxLength: 4 }),
    fc.dictionary(text, scalar, { maxKeys: 4 }),
  );
  return fc.tuple(any, fc.integer({ min: 0, max: 4e12 })).map(([value, at]) => castTo(kind)(value, at))
    .filter((value): value is JsonValue => value !== undefined);
}

for (const kind of KIND_NAMES) {
  for (const op of KINDS[kind].merges.filter((op): op is OrderFreeOp => op !== "LATEST" && op !== "OLDEST")) {
    Deno.test(`${op} of ${kind} gives the same in whatever order and groups`, () => {
      const merge = (a: JsonValue, b: JsonValue) => mergeValues(kind, op, a, b);
      fc.assert(
        fc.property(fc.array(contributions(kind), { minLength: 2, maxLength: 6 }), fc.nat(), (values, seed) => {
          const left = values.reduce(merge);
          const [first, ...rest] = values;
          const right = rest.reduceRight((sum, value) => merge(value, sum), rest.length > 0 ? first ?? 0 : 0);
          const at = 1 + seed % (values.length - 1);
          const halves = merge(values.slice(0, at).reduce(merge), values.slice(at).reduce(merge));
          const swapped = merge(values.slice(at).reduce(merge), values.slice(0, at).reduce(merge));
          assert.equal(JSON.stringify(halves), JSON.stringify(left));
          assert.equal(JSON.stringify(swapped), JSON.stringify(left));
          assert.equal(JSON.stringify(right), JSON.stringify(left));
        }),
        { numRuns: 60 },
      );
    });
  }
}

Deno.test("sums are those of the decimals that people wrote", () => {
  const sums: readonly (readonly [number | string, number | string, number | string | undefined])[] = [
    [1, 2, 3],
    [0.1, 0.2, 0.3],
    [1.1, 2.2, 3.3],
    [-0.1, 0.1, 0],
    [-0, 0, 0],
    [99999999.99, 0.01, 100000000],
    [9007199254740991, 1, "9007199254740992"],
    ["9007199254740992", -1, 9007199254740991],
    [1e21, 1, "1000000000000000000001"],
    [1234567890123456.5, 0.01, "1234567890123456.51"],
    ["1234567890123456.51", -0.01, 1234567890123456.5],
    [1e-7, 1e-7, 2e-7],
    [0.1, 1e-20, "0.10000000000000000001"],
    ["x", 1, undefined],
  ];
  for (const [a, b, sum] of sums) assert.deepEqual([exactSum(a, b), exactSum(b, a)], [sum, sum], `${a} + ${b}`);
});

Deno.test("a sum beyond the largest number is kept in full, and comes back", () => {
  const most = Number.MAX_VALUE;
  const sum = (values: readonly JsonValue[]) => values.reduce((a, b) => mergeValues("NUMBER", "SUM", a, b));
  const twice = (BigInt("17976931348623157") * 10n ** 292n * 2n).toString();
  assert.equal(sum([most, most]), twice);
  assert.equal(Number(shownValue("NUMBER", sum([most, most, -most]))), most);
  assert.equal(sum([most, most, 0]), twice);
  assert.equal(shownValue("NUMBER", twice), twice);
});

Deno.test("a sum of amounts in cents is exact", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 50 }), (cents) => {
    const sum = cents.map((amount): JsonValue => amount / 100).reduce((a, b) => mergeValues("NUMBER", "SUM", a, b));
    assert.equal(sum, cents.reduce((a, b) => a + b) / 100 + 0);
  }));
});

Deno.test("merges", () => {
  const merges: readonly (readonly [Kind, OrderFreeOp, JsonValue, JsonValue, JsonValue])[] = [
    ["INT", "MIN", 9, 10, 9],
    ["INT", "MAX", 9, 10, 10],
    ["STRING", "MIN", "9", "10", "10"],
    ["STRING", "MAX", "\uffee", "\u{1f600}", "\u{1f600}"],
    ["DATE", "MAX", "2026-03-01T00:00:00.000Z", "2025-12-31T00:00:00.000Z", "2026-03-01T00:00:00.000Z"],
    ["[]STRING", "SET", ["a", "c"], ["b", "c"], ["a", "b", "c"]],
    ["MAP[STRING]INT", "SUM", { a: 1 }, { a: 2, b: 1 }, { a: 3, b: 1 }],
    ["MAP[STRING]NUMBER", "SUM", { a: 0.1 }, { a: 0.2 }, { a: 0.3 }],
    ["MAP[STRING]INT", "MAX", { a: 1 }, { a: 2 }, { a: 2 }],
    ["MAP[STRING]TIME", "MIN", { a: "2026-03-01T00:00:00.000Z" }, { a: "2025-03-01T00:00:00.000Z" }, {
      a: "2025-03-01T00:00:00.000Z",
    }],
    ["TS[]STRING", "SET", { a: "2026-03-01T00:00:00.000Z" }, {
      a: "2025-03-01T00:00:00.000Z",
      b: "2025-03-01T00:00:00.000Z",
    }, {
      a: "2026-03-01T00:00:00.000Z",
      b: "2025-03-01T00:00:00.000Z",
    }],
    ["INT", "SUM", "seven", 3, 3],
    ["[]STRING", "SET", "a", ["b"], ["b"]],
    ["INT", "SUM", "x", "y", "x"],
  ];
  for (const [kind, op, a, b, expected] of merges) {
    for (const merged of [mergeValues(kind, op, a, b), mergeValues(kind, op, b, a)]) {
      assert.deepEqual(JSON.parse(JSON.stringify(merged)), expected, `${op} of ${kind}`);
    }
  }
  const keys = mergeValues("MAP[STRING]INT", "SUM", JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":2}'));
  assert.deepEqual(Object.entries(keys ?? {}), [["__proto__", 3]]);
});

Deno.test("a sum that no number holds is shown as the nearest number, a whole one with all its digits", () => {
  assert.equal(shownValue("NUMBER", "123456789012345.61"), 123456789012345.61);
  for (const kind of ["INT", "NUMBER"] as const) {
    assert.equal(shownValue(kind, "9007199254740993"), "9007199254740993");
    assert.equal(shownValue(kind, "-9007199254740993"), "-9007199254740993");
  }
  assert.equal(shownValue("STRING", "1"), "1");
  assert.equal(shownValue(undefined, "1"), "1");
  assert.deepEqual({ ...Object(shownValue("MAP[STRING]NUMBER", { a: "0.10000000000000000001", b: 2 })) }, {
    a: 0.1,
    b: 2,
  });
});
