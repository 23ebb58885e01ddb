import assert from "node:assert/strict";
import { failure } from "./engine_testing.ts";
import { parseExpiry } from "./expiry.ts";

const NOW = 1_700_000_000_000;

Deno.test("an expiry is an amount of hours, minutes, days or weeks, or a time with its zone", () => {
  for (
    const [text, end] of [
      ["100h", NOW + 360_000_000],
      ["1m", NOW + 60_000],
      ["7d", NOW + 604_800_000],
      ["2w", NOW + 1_209_600_000],
      ["2027-01-31T00:00:00Z", 1_801_353_600_000],
      ["2027-01-31T01:00:00+01:00", 1_801_353_600_000],
    ] as const
  ) assert.equal(parseExpiry(text, NOW), end, text);
});

Deno.test("an expiry of another form is refused with the forms that there are", () => {
  for (const text of ["", "100", "h", "-1h", "1.5h", "1e3h", "100 h", "100H", "1y", "P1D", "2027-01-31", "tomorrow"]) {
    assert.throws(() => parseExpiry(text, NOW), failure("config", /is no time until which/, { hint: /"100h"/ }), text);
  }
  for (const text of ["0h", "2001-01-01T00:00:00Z"]) {
    assert.throws(() => parseExpiry(text, NOW), failure("config", /is past$/), text);
  }
  for (const text of ["999999999w", "9999-01-01T00:00:00Z"]) {
    assert.throws(() => parseExpiry(text, NOW), failure("config", /more than 100 years away$/), text);
  }
  assert.throws(() => parseExpiry("x".repeat(100_000), NOW), (error: Error) => error.message.length < 120);
});
