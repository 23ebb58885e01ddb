import assert from "node:assert/strict";
import { LONGEST_WAIT, waitAfter } from "./retry.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

Deno.test("Retry-After counts, in seconds or as a date; one gone by means now", () => {
  assert.equal(waitAfter(1, "7", NOW, 0), 7_000);
  assert.equal(waitAfter(3, " 0 ", NOW, 0), 0);
  assert.equal(waitAfter(1, "Sun, 01 Mar 2026 12:00:30 GMT", NOW, 0), 30_000);
  assert.equal(waitAfter(1, "Sun, 01 Mar 2026 11:00:00 GMT", NOW, 0), 0);
});

Deno.test("without it, or with one that cannot be read, waits double up to a minute and chance takes half at most", () => {
  const waits = [1, 2, 3, 9, 30].map((failed) => waitAfter(failed, null, NOW, 0));
  assert.deepEqual(waits, [250, 500, 1_000, LONGEST_WAIT, LONGEST_WAIT]);
  assert.equal(waitAfter(1, "soon", NOW, 0), 250);
  assert.equal(waitAfter(2, null, NOW, 1), 250);
});
