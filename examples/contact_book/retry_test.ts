import assert from "node:assert/strict";
import { LONGEST_PAUSE, pauseAfter } from "./retry.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

Deno.test("the server's Retry-After counts, in seconds or as a date; one gone by means now", () => {
  assert.equal(pauseAfter(1, "7", NOW, 0), 7_000);
  assert.equal(pauseAfter(3, " 0 ", NOW, 0), 0);
  assert.equal(pauseAfter(1, "Sun, 01 Mar 2026 12:00:30 GMT", NOW, 0), 30_000);
  assert.equal(pauseAfter(1, "Sun, 01 Mar 2026 11:00:00 GMT", NOW, 0), 0);
});

Deno.test("without one, or with one that cannot be read, pauses double up to a minute and chance takes half at most", () => {
  const pauses = [1, 2, 3, 9, 30].map((attempt) => pauseAfter(attempt, null, NOW, 0));
  assert.deepEqual(pauses, [250, 500, 1_000, LONGEST_PAUSE, LONGEST_PAUSE]);
  assert.equal(pauseAfter(1, "soon", NOW, 0), 250);
  assert.equal(pauseAfter(2, null, NOW, 1), 250);
});
