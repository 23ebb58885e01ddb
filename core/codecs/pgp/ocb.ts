/**
 * OCB (RFC 7253) over AES, with tags of 16 bytes: what GnuPG 2.4 uses by default.
 *
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import { BLOCK, decryptBlocks, encryptBlocks, xorInto } from "./block_cipher.ts";
import { doubled } from "./gf128.ts";

/** Bytes of the tag. */
const TAG = 16;

/** Blocks whose offsets are made at a time. */
const BATCH = 4_096;

/** Decrypts with a key; gives undefined where the tag does not fit. */
export function ocb(
  key: Uint8Array,
): (nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array) => Promise<Uint8Array | undefined> {
  const [encrypt, decrypt] = [encryptBlocks(key), decryptBlocks(key)];
  const star = encrypt(new Uint8Array(BLOCK)).slice();
  const dollar = doubled(star);
  const masks = new Masks(dollar);

  /** The hash of the associated data (RFC 7253, section 4.1). */
  const hashed = (bytes: Uint8Array): Uint8Array => {
    const whole = bytes.length - bytes.length % BLOCK;
    const offset = new Uint8Array(BLOCK);
    const sum = new Uint8Array(BLOCK);
    if (whole > 0) {
      const blocks = new Uint8Array(bytes.subarray(0, whole));
      masks.apply(blocks, offset, 1);
      addBlocks(sum, encrypt(blocks));
    }
    if (whole < bytes.length) {
      const last = new Uint8Array(BLOCK);
      last.set(bytes.subarray(whole));
      last[bytes.length - whole] = 0x80;
      xorInto(offset, star);
      xorInto(last, offset);
      addBlocks(sum, encrypt(last));
    }
    return sum;
  };

  return async (nonce, sealed, associated) => {
    const length = sealed.length - TAG;
    const whole = length - length % BLOCK;
    const offset = startOffset(encrypt, nonce);
    const sum = new Uint8Array(BLOCK);
    const plain = new Uint8Array(length);
    for (let at = 0; at < whole; at += BATCH * BLOCK) {
      const piece = new Uint8Array(sealed.subarray(at, Math.min(whole, at + BATCH * BLOCK)));
      const offsets = masks.apply(piece, offset, at / BLOCK + 1);
      const decrypted = decrypt(piece);
      xorInto(decrypted, offsets);
      addBlocks(sum, decrypted);
      plain.set(decrypted, at);
    }
    if (whole < length) {
      xorInto(offset, star);
      const last = plain.subarray(whole);
      last.set(sealed.subarray(whole, length));
      const pad = encrypt(offset);
      for (let at = 0; at < last.length; at++) last[at] = last[at]! ^ pad[at]!;
      const padded = new Uint8Array(BLOCK);
      padded.set(last);
      padded[last.length] = 0x80;
      xorInto(sum, padded);
    }
    xorInto(sum, offset);
    xorInto(sum, dollar);
    const tag = encrypt(sum).slice();
    xorInto(tag, hashed(associated));
    return timingSafeEqual(tag, sealed.subarray(length)) ? plain : undefined;
  };
}

/** The offset before the first block, made of the nonce (RFC 7253, section 4.2). */
function startOffset(encrypt: (blocks: Uint8Array) => Uint8Array, nonce: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK);
  block.set(nonce, BLOCK - nonce.length);
  // A tag of 128 bits is told by zeros.
  block[BLOCK - nonce.length - 1]! |= 1;
  const bottom = block[BLOCK - 1]! & 0x3f;
  block[BLOCK - 1]! &= 0xc0;
  const top = encrypt(block);
  const stretch = new Uint8Array(BLOCK + 8);
  stretch.set(top.subarray(0, BLOCK));
  for (let at = 0; at < 8; at++) stretch[BLOCK + at] = top[at]! ^ top[at + 1]!;
  const offset = new Uint8Array(BLOCK);
  const [bytes, bits] = [bottom >> 3, bottom & 7];
  for (let at = 0; at < BLOCK; at++) {
    offset[at] = ((stretch[at + bytes]! << 8) | stretch[at + bytes + 1]!) >> (8 - bits);
  }
  return offset;
}

/** What the offset of each block adds to that before. */
class Masks {
  readonly #masks: Uint32Array[] = [];
  #last: Uint8Array;
  readonly #offsets = new Uint8Array(BATCH * BLOCK);

  constructor(dollar: Uint8Array) {
    this.#last = dollar;
  }

  /**
   * Adds to each block of `blocks` its offset, and gives the offsets. `offset` is that of the block before, and is moved
   * on to the last one; `first` is the number of the first block, counted from 1.
   */
  apply(blocks: Uint8Array, offset: Uint8Array, first: number): Uint8Array {
    const count = blocks.length / BLOCK;
    const offsets = count <= BATCH ? this.#offsets.subarray(0, blocks.length) : new Uint8Array(blocks.length);
    const words = new Uint32Array(offsets.buffer, offsets.byteOffset, count * 4);
    const running = new Uint32Array(offset.buffer, offset.byteOffset, 4);
    let [a, b, c, d] = [running[0]!, running[1]!, running[2]!, running[3]!];
    for (let index = 0; index < count; index++) {
      const mask = this.#mask(31 - Math.clz32((first + index) & -(first + index)));
      a ^= mask[0]!;
      b ^= mask[1]!;
      c ^= mask[2]!;
      d ^= mask[3]!;
      const word = index * 4;
      words[word] = a;
      words[word + 1] = b;
      words[word + 2] = c;
      words[word + 3] = d;
    }
    running.set([a, b, c, d]);
    xorInto(blocks, offsets);
    return offsets;
  }

  #mask(zeros: number): Uint32Array {
    while (this.#masks.length <= zeros) {
      this.#last = doubled(this.#last);
      this.#masks.push(new Uint32Array(this.#last.buffer, 0, 4));
    }
    return this.#masks[zeros]!;
  }
}

/** Adds every block to `sum`. */
function addBlocks(sum: Uint8Array, blocks: Uint8Array): void {
  const aligned = blocks.byteOffset % 4 === 0 ? blocks : new Uint8Array(blocks);
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  const total = new Uint32Array(sum.buffer, sum.byteOffset, 4);
  let [a, b, c, d] = [total[0]!, total[1]!, total[2]!, total[3]!];
  for (let at = 0; at < words.length; at += 4) {
    a ^= words[at]!;
    b ^= words[at + 1]!;
    c ^= words[at + 2]!;
    d ^= words[at + 3]!;
  }
  total.set([a, b, c, d]);
}
