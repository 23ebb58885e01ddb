import assert from "node:assert/strict";
import { COPY_SLACK, copyBytes, sameBytes, viewOf } from "./byte_stretches.ts";

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

Deno.test("stretches are the same when every byte of them is, whatever lies around them", () => {
  for (let size = 0; size < 12; size++) {
    const one = Uint8Array.from({ length: size + 2 }, (_, at) => at), two = Uint8Array.from([9, ...one, 8]);
    assert(sameBytes(viewOf(one), 1, viewOf(two), 2, size));
    for (let at = 0; at < size; at++) {
      two[2 + at]! ^= 128;
      assert(!sameBytes(viewOf(one), 1, viewOf(two), 2, size), `byte ${at} of ${size}`);
      two[2 + at]! ^= 128;
    }
  }
});
