/**
 * What an identity is: a field and a normalised value, known by a keyed 64-bit hash.
 *
 * @module
 */
import { viewOf } from "./byte_stretches.ts";
import { SipHash } from "./siphash.ts";

const encoder = new TextEncoder();

/** Hashes the identities of one field in one profile table. */
export class IdentityHasher {
  readonly #hash: SipHash;
  /** Upper 32 bits of the last hash. */
  high = 0;
  /** Lower 32 bits of the last hash. */
  low = 0;

  /** `key` is the account's 16-byte key; table and field go into a key of their own. */
  constructor(key: Uint8Array, account: number, table: number, readonly field: string) {
    const root = new SipHash(key);
    const derived = new Int32Array(4);
    for (let half = 0; half < 2; half++) {
      const context = viewOf(encoder.encode(`${account}/${table}/${half}/${field}`));
      root.hash(context, 0, context.byteLength);
      derived[2 * half] = root.low;
      derived[2 * half + 1] = root.high;
    }
    this.#hash = new SipHash(new Uint8Array(derived.buffer));
  }

  /**
   * Hashes a normalised value. `attempt` above 0 gives the places where a value goes when those before it are taken
   * by other values with the same hash.
   */
  hash(bytes: DataView, start: number, end: number, attempt: number): void {
    this.#hash.hash(bytes, start, end);
    for (let round = 0; round < attempt; round++) {
      const again = new DataView(new Int32Array([this.#hash.low, this.#hash.high, round + 1]).buffer);
      this.#hash.hash(again, 0, again.byteLength);
    }
    this.high = this.#hash.high;
    this.low = this.#hash.low;
  }
}

/** The hash of a value as the identity index knows it: 64 bits, unsigned. */
export function identityKey(hasher: IdentityHasher, value: string, attempt: number): bigint {
  hashText(hasher, value, attempt);
  return BigInt(hasher.high >>> 0) << 32n | BigInt(hasher.low >>> 0);
}

/** The upper 53 bits of that hash: a number, made in a fraction of the time. */
export function identityPrefix(hasher: IdentityHasher, value: string): number {
  hashText(hasher, value, 0);
  return (hasher.high >>> 0) * 2_097_152 + (hasher.low >>> 11);
}

/** Takes the bytes of one text at a time. */
const scratch = new Uint8Array(256), scratchView = viewOf(scratch);

function hashText(hasher: IdentityHasher, value: string, attempt: number): void {
  let bytes = scratchView, length = value.length;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code > 127 || at === scratch.length) {
      bytes = viewOf(encoder.encode(value));
      length = bytes.byteLength;
      break;
    }
    scratch[at] = code;
  }
  hasher.hash(bytes, 0, length, attempt);
}
