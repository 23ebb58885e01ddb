/**
 * The modes that encrypt and authenticate at once: EAX, OCB and GCM (RFC 9580, section 9.6).
 *
 * @module
 */
import { createCipheriv, timingSafeEqual } from "node:crypto";
import { BLOCK, encryptBlocks, xorInto } from "./block_cipher.ts";
import { doubled } from "./gf128.ts";
import { ocb } from "./ocb.ts";

/** Bytes of the tag that follows every chunk. */
export const TAG = 16;

/** Decrypts a chunk and checks its tag; undefined where that fails. `sealed` is ciphertext and tag. */
export type OpenChunk = (
  nonce: Uint8Array,
  sealed: Uint8Array,
  associated: Uint8Array,
) => Promise<Uint8Array | undefined>;

/** A mode, by its number in packets. */
export interface AeadMode {
  /** Bytes of a nonce. */
  readonly nonce: number;
  /** Prepares a key of 16, 24 or 32 bytes. */
  readonly withKey: (key: Uint8Array) => OpenChunk;
}

/** The modes by their numbers. */
export const AEAD_MODES: ReadonlyMap<number, AeadMode> = new Map([
  [1, { nonce: 16, withKey: eax }],
  [2, { nonce: 15, withKey: ocb }],
  [3, { nonce: 12, withKey: gcm }],
]);

function gcm(key: Uint8Array): OpenChunk {
  const imported = crypto.subtle.importKey("raw", key.slice(), "AES-GCM", false, ["decrypt"]);
  return async (nonce, sealed, associated) => {
    const parameters = { name: "AES-GCM", iv: nonce.slice(), additionalData: associated.slice(), tagLength: TAG * 8 };
    try {
      return new Uint8Array(await crypto.subtle.decrypt(parameters, await imported, new Uint8Array(sealed)));
    } catch (error) {
      if (error instanceof DOMException && error.name === "OperationError") return undefined;
      throw error;
    }
  };
}

/** EAX: CTR, and OMAC over nonce, associated data and ciphertext (Bellare, Rogaway, Wagner 2004). */
function eax(key: Uint8Array): OpenChunk {
  const omac = omacWith(key);
  return async (nonce, sealed, associated) => {
    const encrypted = sealed.subarray(0, sealed.length - TAG);
    const counter = omac(0, nonce);
    const tag = new Uint8Array(counter);
    xorInto(tag, omac(1, associated));
    xorInto(tag, omac(2, encrypted));
    if (!timingSafeEqual(tag, sealed.subarray(encrypted.length))) return undefined;
    return createCipheriv(`aes-${key.length * 8}-ctr`, key, counter).update(encrypted);
  };
}

/** CMAC (NIST SP 800-38B) of a block that holds a number, and the bytes. */
function omacWith(key: Uint8Array): (number: number, bytes: Uint8Array) => Uint8Array {
  const encrypt = encryptBlocks(key);
  const whole = doubled(encrypt(new Uint8Array(BLOCK)));
  const padded = doubled(whole);
  return (number, bytes) => {
    const length = Math.max(1, Math.ceil((BLOCK + bytes.length) / BLOCK)) * BLOCK;
    const input = new Uint8Array(length);
    input[BLOCK - 1] = number;
    input.set(bytes, BLOCK);
    const isWhole = bytes.length % BLOCK === 0;
    if (!isWhole) input[BLOCK + bytes.length] = 0x80;
    xorInto(input.subarray(length - BLOCK), isWhole ? whole : padded);
    return lastOfChain(key, input);
  };
}

/** The last block of a CBC encryption. The runtime has it for keys of 16 and 32 bytes; few use those of 24. */
function lastOfChain(key: Uint8Array, input: Uint8Array): Uint8Array {
  if (key.length !== 24) {
    const cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, new Uint8Array(BLOCK)).setAutoPadding(false);
    return new Uint8Array(cipher.update(input).subarray(-BLOCK));
  }
  const encrypt = encryptBlocks(key);
  let block = new Uint8Array(BLOCK);
  for (let at = 0; at < input.length; at += BLOCK) {
    xorInto(block, input.subarray(at, at + BLOCK));
    block = encrypt(block).slice();
  }
  return block;
}
