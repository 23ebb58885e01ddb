import assert from "node:assert/strict";
import { sipHash } from "../lql/functions/siphash.ts";
import { viewOf } from "./byte_stretches.ts";
import { SipHash } from "./siphash.ts";

/** Result for the key 00 01 … 0f and the message 00 01 … of `length` bytes, as an unsigned 64-bit number. */
function reference(length: number): bigint {
  const hasher = new SipHash(Uint8Array.from({ length: 16 }, (_, index) => index));
  const message = Uint8Array.from({ length: length + 2 }, (_, index) => (index - 1) & 255);
  hasher.hash(viewOf(message), 1, length + 1);
  return BigInt(hasher.high >>> 0) << 32n | BigInt(hasher.low >>> 0);
}

Deno.test("SipHash-2-4 gives the paper's value and the reference implementation's vectors", () => {
  // Appendix A of the paper, and vectors_sip64 of the reference implementation.
  assert.equal(reference(15), 0xa129ca6149be45e5n);
  assert.equal(reference(0), 0x726fdb47dd0e0e31n);
  assert.equal(reference(1), 0x74f839c593dc67fdn);
  assert.equal(reference(7), 0xab0200f58b01d137n);
  assert.equal(reference(8), 0x93f5f5799a932462n);
  assert.equal(reference(63), 0x958a324ceb064572n);
});

Deno.test("a SipHash key of another length is refused", () => {
  assert.throws(() => new SipHash(new Uint8Array(8)), RangeError);
});

Deno.test("hashers take turns, and messages are as long as they like", () => {
  const keys = [1, 2, 3].map((seed) => Uint8Array.from({ length: 16 }, (_, index) => seed * 37 + index * 11));
  const hashers = keys.map((key) => new SipHash(key));
  for (const length of [...Array(70).keys(), 65_479, 65_480, 65_490, 200_001, 3, 36]) {
    const message = Uint8Array.from({ length }, (_, index) => index * 167 + length);
    for (const [index, hasher] of hashers.entries()) {
      hasher.hash(viewOf(message), 0, length);
      const result = BigInt(hasher.high >>> 0) << 32n | BigInt(hasher.low >>> 0);
      assert.equal(
        result,
        sipHash(half(keys[index]!, 0), half(keys[index]!, 8), message),
        `${length} bytes under key ${index}`,
      );
    }
  }
});

/** Half of a key, little-endian. */
function half(key: Uint8Array, at: number): bigint {
  return new DataView(key.buffer).getBigUint64(at, true);
}
