/**
 * Doubling in the field of 2^128 elements, as CMAC and OCB use it.
 *
 * @module
 */
import { BLOCK } from "./block_cipher.ts";

/** A block times x. */
export function doubled(block: Uint8Array): Uint8Array {
  const result = new Uint8Array(BLOCK);
  for (let at = 0; at < BLOCK; at++) result[at] = (block[at]! << 1) | ((block[at + 1] ?? 0) >> 7);
  result[BLOCK - 1] = result[BLOCK - 1]! ^ ((block[0]! >> 7) * 0x87);
  return result;
}
