import assert from "node:assert/strict";
import { type SharedSpans, shareSpans, takeSpans } from "./shared_spans.ts";

const SPANS = Array.from({ length: 9 }, (_, index) => ({ after: index * 10, last: (index + 1) * 10 }));

Deno.test("each span is taken once, whoever takes them in turn", () => {
  const shared = shareSpans(SPANS);
  // As another thread gets it.
  const takers = [takeSpans(shared), takeSpans(structuredClone<SharedSpans>(shared))];
  const found = [];
  for (let turn = 0; turn < 2 * SPANS.length; turn++) {
    const { value } = takers[turn % 3 === 0 ? 0 : 1]!.next();
    if (value !== undefined) found.push(value);
  }
  assert.deepEqual(found, SPANS);
});
