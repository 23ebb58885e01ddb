/**
 * SipHash-2-4 of a text, for `hash.sip`.
 *
 * @see J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF" (2012), whose test vectors the tests use.
 *
 * @module
 */

const MASK = (1n << 64n) - 1n;

function rotated(x: bigint, by: bigint): bigint {
  return (x << by | x >> 64n - by) & MASK;
}

/** The 64-bit hash of `bytes`, unsigned, under the key whose two halves are little-endian numbers. */
export function sipHash(k0: bigint, k1: bigint, bytes: Uint8Array): bigint {
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const rounds = (count: number) => {
    for (let i = 0; i < count; i++) {
      v0 = v0 + v1 & MASK;
      v1 = rotated(v1, 13n) ^ v0;
      v0 = rotated(v0, 32n);
      v2 = v2 + v3 & MASK;
      v3 = rotated(v3, 16n) ^ v2;
      v0 = v0 + v3 & MASK;
      v3 = rotated(v3, 21n) ^ v0;
      v2 = v2 + v1 & MASK;
      v1 = rotated(v1, 17n) ^ v2;
      v2 = rotated(v2, 32n);
    }
  };
  const padded = new Uint8Array(8 * (bytes.length >>> 3) + 8);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length & 0xff;
  const view = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 8) {
    const word = view.getBigUint64(at, true);
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
  v2 ^= 0xffn;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}
