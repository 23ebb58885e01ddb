import assert from "node:assert/strict";
import {
  asciiIn,
  COPY_SLACK,
  copyBytes,
  NO_CAPITALS,
  OTHER_BYTES,
  quoteOrBackslash,
  sameBytes,
  SOME_CAPITALS,
  viewOf,
} from "./byte_stretches.ts";

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

Deno.test("any byte in any place of a stretch tells whether it is plain ASCII and has capitals", () => {
  for (let size = 0; size < 11; size++) {
    // What lies around it does not count.
    const bytes = new Uint8Array(size + 4).fill(255), view = viewOf(bytes);
    for (const beside of ["a", "~", " ", "[", "@", "Z"]) {
      bytes.fill(beside.charCodeAt(0), 2, 2 + size);
      const alone = size > 0 && beside === "Z" ? SOME_CAPITALS : NO_CAPITALS;
      assert.equal(asciiIn(view, 2, 2 + size), alone);
      for (let at = 2; at < 2 + size; at++) {
        for (let byte = 0; byte < 256; byte++) {
          bytes[at] = byte;
          const plain = /^[ -~]$/.test(String.fromCharCode(byte)) && byte !== 92;
          const capitals = size > 1 ? alone : NO_CAPITALS;
          const expected = !plain ? OTHER_BYTES : byte >= 65 && byte <= 90 ? SOME_CAPITALS : capitals;
          assert.equal(asciiIn(view, 2, 2 + size), expected, `byte ${byte} at ${at} of ${size} beside "${beside}"`);
        }
        bytes[at] = beside.charCodeAt(0);
      }
    }
  }
});

Deno.test("the first quotation mark or backslash of a stretch is found at any place, and nothing else is", () => {
  for (let size = 0; size < 11; size++) {
    const bytes = new Uint8Array(size + 4).fill(34), view = viewOf(bytes);
    for (let byte = 0; byte < 256; byte++) {
      if (byte === 34 || byte === 92) continue;
      bytes.fill(byte, 2, 2 + size);
      assert.equal(quoteOrBackslash(view, 2, 2 + size), 2 + size, `${size} times ${byte}`);
    }
    for (let at = 2; at < 2 + size; at++) {
      for (const byte of [34, 92]) {
        bytes.fill(93, 2, 2 + size);
        bytes[at] = byte;
        if (at + 1 < 2 + size) bytes[at + 1] = 126 - byte;
        assert.equal(quoteOrBackslash(view, 2, 2 + size), at);
      }
    }
  }
});
