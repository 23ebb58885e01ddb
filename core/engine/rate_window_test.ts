import assert from "node:assert/strict";
import fc from "fast-check";
import { admission, counting, nextFree, type RateLimit } from "./rate_window.ts";

/** Times of requests, a limit, and the decisions that follow. */
function play(steps: readonly number[], limit: RateLimit) {
  let stamps: number[] = [], now = 1_000_000;
  return steps.map((step) => {
    now += step;
    stamps = counting(stamps, limit, now);
    const admitted = stamps.length < limit.requests;
    if (admitted) stamps.push(now);
    return { now, stamps, ...admission(admitted, stamps, limit, now) };
  });
}

const game = fc.record({
  limit: fc.record({ requests: fc.integer({ min: 1, max: 5 }), seconds: fc.integer({ min: 1, max: 4 }) }),
  steps: fc.array(fc.integer({ min: 0, max: 1_500 }), { maxLength: 60 }),
});

Deno.test("no window of the limit's length ever holds more than it allows, and nothing is refused that would fit", () => {
  fc.assert(fc.property(game, ({ limit, steps }) => {
    const admitted: number[] = [];
    for (const { now, ...decision } of play(steps, limit)) {
      const within = admitted.filter((at) => at > now - limit.seconds * 1_000).length;
      assert.equal(decision.admitted, within < limit.requests);
      if (decision.admitted) admitted.push(now);
      assert.equal(decision.remaining, limit.requests - within - (decision.admitted ? 1 : 0));
    }
  }));
});

Deno.test("who waits as long as a refusal says is let in, and a second less is too little", () => {
  fc.assert(fc.property(game, ({ limit, steps }) => {
    for (const { now, stamps, admitted, reset } of play(steps, limit)) {
      if (admitted) continue;
      assert(Number.isInteger(reset) && reset >= 1);
      assert(counting(stamps, limit, now + reset * 1_000).length < limit.requests);
      if (reset > 1) assert.equal(counting(stamps, limit, now + (reset - 1) * 1_000).length, limit.requests);
    }
  }));
});

Deno.test("a limit that was lowered is heeded at once, and a clock that was put back shuts nobody out for longer", () => {
  const lower = { requests: 2, seconds: 10 };
  assert.equal(nextFree([1_000, 2_000, 3_000, 4_000], lower), 13_000);
  assert.deepEqual(counting([90_000, 99_000], lower, 50_000), [50_000, 50_000]);
  assert.equal(nextFree([], lower), undefined);
});
