import assert from "node:assert/strict";
import fc from "fast-check";
import { dateMath } from "./date_math.ts";
import { literalTest, oneOfTest } from "./compare.ts";
import { likePattern } from "./like.ts";
import { scalars } from "./arbitrary_testing.ts";
import { compareTexts, decimalOf, isoOf, toIso, toTime } from "./values.ts";

Deno.test("times are written as ECMAScript writes them", () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), fc.nat(200_000_000), (ms, step) => {
      for (const at of [ms, Math.min(ms + step, 253_402_300_799_999)]) {
        assert.equal(isoOf(at), new Date(at).toISOString());
      }
    }),
  );
});

Deno.test("texts are ordered as their UTF-8 is", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "b", "\u007f", "é", "\ud7ff", "\uffee", "\u{1f600}", "\u{10ffff}"),
    maxLength: 4,
  });
  fc.assert(fc.property(text, text, (a, b) => {
    const [x, y] = [a, b].map((text) =>
      [...new TextEncoder().encode(text)].map((byte) => String.fromCharCode(byte)).join("")
    );
    assert.equal(Math.sign(compareTexts(a, b)), x === y ? 0 : (x ?? "") < (y ?? "") ? -1 : 1);
  }));
});

Deno.test("decimals are what people write, not what programs do", () => {
  const decimals = { "5": 5, " -5.50 ": -5.5, "+.5": 0.5, "5.": 5, "1e3": 1000, "007": 7 };
  for (const [text, number] of Object.entries(decimals)) assert.equal(decimalOf(text), number, text);
  for (const text of ["", " ", "0x10", "1_000", "Infinity", "NaN", "1e", "e5", "5 5", "--5", "1e999", "٣"]) {
    assert.equal(decimalOf(text), undefined, text);
  }
});

Deno.test("a decimal is the double nearest to it, however many digits it has", () => {
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: 20 });
  const sign = fc.constantFrom("", "-");
  fc.assert(
    fc.property(sign, digits, fc.option(digits, { nil: undefined }), (sign, whole, fraction) => {
      const text = `${sign}${whole}${fraction === undefined ? "" : `.${fraction}`}`;
      assert.equal(decimalOf(text), whole + (fraction ?? "") === "" ? undefined : Number(text), text);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("date math steps through UTC's calendar", () => {
  const now = Date.UTC(2024, 2, 31, 12, 30, 15);
  const results = {
    "now": "2024-03-31T12:30:15.000Z",
    "now-30s": "2024-03-31T12:29:45.000Z",
    "now+90m": "2024-03-31T14:00:15.000Z",
    "now-24h": "2024-03-30T12:30:15.000Z",
    "now-3d": "2024-03-28T12:30:15.000Z",
    "now+2w": "2024-04-14T12:30:15.000Z",
    "now-1M": "2024-02-29T12:30:15.000Z",
    "now-13M": "2023-02-28T12:30:15.000Z",
    "now+1M": "2024-04-30T12:30:15.000Z",
    "now-1y": "2023-03-31T12:30:15.000Z",
    "now-1M+1d": "2024-03-01T12:30:15.000Z",
  };
  for (const [text, iso] of Object.entries(results)) {
    assert.equal(new Date(dateMath(text)?.(now) ?? NaN).toISOString(), iso, text);
  }
  for (const text of ["now-", "now-3", "now-3x", "now 3d", "NOW-3d", "nowhere", "-3d", ""]) {
    assert.equal(dateMath(text), undefined, text);
  }
  for (const text of ["now+9000y", "now-3000y", "now+999999999y"]) assert.equal(dateMath(text)?.(now), NaN, text);
});

Deno.test("LIKE fits as a regular expression would, for patterns and texts of few letters", () => {
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "\n", "\\"), maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "\n", "\\"), maxLength: 12 });
  fc.assert(
    fc.property(pattern, text, (pattern, text) => {
      const source = pattern.replace(/\\[*\\]|\*|\\/g, (part) => part === "*" ? "[^]*" : `\\${part.at(-1)}`);
      assert.equal(likePattern(pattern)(text), new RegExp(`^${source}$`).test(text));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a pattern of many wildcards over a long text does not go back", () => {
  const fits = likePattern("a*".repeat(2_000) + "b");
  assert.equal(fits("a".repeat(1_000_000)), false);
  assert.equal(fits("a".repeat(1_000_000) + "b"), true);
});

Deno.test("IN says what an = with each of its values says", () => {
  const values = fc.oneof(scalars, fc.constantFrom("9", "9.0", "true", "1", "2026-03-01T00:00:00Z", 9, 1, 1772323200));
  const literals = fc.oneof(scalars, fc.constantFrom("9", "09", "true", "2026-03-01", "now", 9, 1, true));
  fc.assert(
    fc.property(values, fc.array(literals, { minLength: 1, maxLength: 4 }), (value, set) => {
      const now = Date.UTC(2026, 2, 1);
      assert.equal(oneOfTest(set)(value, now), set.some((literal) => literalTest("=", literal)(value, now)));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("the ISO 8601 text of a value is that of its time", () => {
  const part = fc.constantFrom("2026-03-01", "0001-01-01", "2024-02-30", "1969-12-31", "9999-12-31", " 2026-03-01");
  const time = fc.constantFrom("", "T10:15:00Z", "T23:59:60Z", " 10:15:00Z", "T10:15:61Z", "T10:15:00z", "T10:15 UTC");
  const value = fc.oneof(fc.tuple(part, time).map((parts) => parts.join("")), fc.integer(), fc.nat({ max: 1e13 }));
  fc.assert(fc.property(value, (value) => {
    const ms = toTime(value);
    assert.equal(toIso(value), ms === undefined ? undefined : new Date(ms).toISOString());
  }));
});
