import assert from "node:assert/strict";
import { COPY_SLACK, copyBytes, viewOf } from "./copy_bytes.ts";

Deno.test("every stretch of a source is copied whole, its last bytes too, and only the slack behind it is touched", () => {
  const source = Uint8Array.from({ length: 13 }, (_, at) => at + 1).subarray(1);
  for (let start = 0; start <= source.length; start++) {
    for (let end = start; end <= source.length; end++) {
      const target = new Uint8Array(32).fill(255);
      assert.equal(copyBytes(viewOf(source), start, end, viewOf(target), 5), 5 + end - start);
      assert.deepEqual(target.subarray(5, 5 + end - start), source.subarray(start, end));
      assert(target.subarray(0, 5).every((byte) => byte === 255));
      assert(target.subarray(5 + end - start + COPY_SLACK).every((byte) => byte === 255));
    }
  }
});
