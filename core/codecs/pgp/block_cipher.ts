/**
 * AES on whole blocks, and XOR: what the modes of OpenPGP are made of.
 *
 * @module
 */
import { createCipheriv, createDecipheriv } from "node:crypto";

/** Bytes in a block of AES. */
export const BLOCK = 16;

/** Encrypts or decrypts whole blocks. What comes back may be written to. */
export type Blocks = (blocks: Uint8Array) => Uint8Array;

/** AES encryption of single blocks. The key has 16, 24 or 32 bytes. */
export function encryptBlocks(key: Uint8Array): Blocks {
  const cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  return (blocks) => plain(cipher.update(blocks));
}

/** AES encryption in a chain (CBC) that starts at zeros and goes on from call to call. The key has 16 or 32 bytes. */
export function chainBlocks(key: Uint8Array): Blocks {
  const cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, new Uint8Array(BLOCK)).setAutoPadding(false);
  return (blocks) => plain(cipher.update(blocks));
}

/** AES decryption of single blocks. */
export function decryptBlocks(key: Uint8Array): Blocks {
  const cipher = createDecipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  return (blocks) => plain(cipher.update(blocks));
}

/** The bytes without the methods of `Buffer`, whose `slice` does not copy. */
function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** Puts `target ^ mask` into `target`, as far as that goes; `mask` has at least as many bytes. */
export function xorInto(target: Uint8Array, mask: Uint8Array): void {
  let at = 0;
  if (((target.byteOffset | mask.byteOffset) & 3) === 0) {
    const words = target.length >> 2;
    const [to, by] = [words32(target, words), words32(mask, words)];
    for (let word = 0; word < words; word++) to[word] = to[word]! ^ by[word]!;
    at = words * 4;
  }
  for (; at < target.length; at++) target[at] = target[at]! ^ mask[at]!;
}

function words32(bytes: Uint8Array, words: number): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, words);
}
