/**
 * Data encrypted with CFB and protected by a modification detection code: version 1 of the encrypted data packet, the
 * default output of GnuPG (RFC 9580, section 5.13.1).
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { BLOCK, chainBlocks, encryptBlocks, xorInto } from "./block_cipher.ts";
import type { ByteReader } from "./byte_reader.ts";
import { concatenated } from "./bytes.ts";
import { altered, cutShort } from "./failures.ts";
import type { SessionKey } from "./session_key.ts";
import { shifted } from "./shifted.ts";

/** A block of random bytes and the last two of them again stand before the data. */
const PREFIX = BLOCK + 2;

/** The packet with the SHA-1 of all before it, and of its own header: type 19, 20 bytes. */
const MDC_HEADER = Uint8Array.of(0xd3, 0x14);
const MDC = MDC_HEADER.length + 20;

/**
 * Encrypts packets; gives the body of the packet, from its version on.
 *
 * The keystream is the encryption of the ciphertext, a block later. What CBC makes of the plaintext, a block later, is the
 * same: it encrypts plaintext and keystream, which is the ciphertext.
 */
export async function* encryptCfb(
  packets: AsyncIterable<Uint8Array>,
  key: Uint8Array,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash("sha1");
  const plaintext = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    const prefix = new Uint8Array(PREFIX);
    crypto.getRandomValues(prefix.subarray(0, BLOCK));
    prefix.copyWithin(BLOCK, BLOCK - 2, BLOCK);
    hash.update(prefix);
    yield prefix;
    for await (const bytes of packets) {
      hash.update(bytes);
      yield bytes;
    }
    yield concatenated([MDC_HEADER, hash.update(MDC_HEADER).digest()]);
  };
  yield Uint8Array.of(1);
  yield* shifted(plaintext(), chainBlocks(key));
}

/**
 * Decrypts the body of the packet, from behind its version on. The plaintext is authentic once the iteration has ended
 * without a failure, and not before.
 *
 * The runtime has no CFB. But its keystream is the encryption of the ciphertext, a block later, so that whole chunks
 * are decrypted by single blocks and one XOR.
 */
export async function* decryptCfb(
  body: ByteReader,
  keys: readonly SessionKey[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const key = keyThatFits(await body.peek(PREFIX), keys);
  const hash = createHash("sha1");
  let seen = 0;
  // The last bytes seen may be those of the code.
  let held: Uint8Array = new Uint8Array(0);
  for await (const plain of shifted(body.rest(), encryptBlocks(key))) {
    const content = seen === 0 ? plain.subarray(Math.min(PREFIX, plain.length)) : plain;
    if (seen === 0) hash.update(plain.subarray(0, PREFIX));
    seen += plain.length;
    const known = held.length + content.length - MDC;
    if (known <= 0) {
      held = concatenated([held, content]);
      continue;
    }
    const before = held.subarray(0, known);
    const now = content.subarray(0, Math.max(0, content.length - MDC));
    held = concatenated([held.subarray(before.length), content.subarray(now.length)]);
    for (const bytes of [before, now]) {
      if (bytes.length === 0) continue;
      hash.update(bytes);
      yield bytes;
    }
  }
  if (held.length < MDC) throw cutShort();
  const digest = hash.update(MDC_HEADER).digest();
  const code = held.subarray(MDC_HEADER.length);
  const isMarked = held[0] === MDC_HEADER[0] && held[1] === MDC_HEADER[1];
  if (!timingSafeEqual(digest, code) || !isMarked) throw altered();
}

/** The key under which the two last bytes of the random block are repeated. */
function keyThatFits(prefix: Uint8Array, keys: readonly SessionKey[]): Uint8Array {
  if (prefix.length < PREFIX) throw cutShort();
  for (const { key } of keys) {
    const blocks = new Uint8Array(2 * BLOCK);
    blocks.set(prefix.subarray(0, BLOCK), BLOCK);
    const plain = encryptBlocks(key)(blocks);
    xorInto(plain.subarray(0, PREFIX), prefix);
    if (plain[BLOCK - 2] === plain[BLOCK] && plain[BLOCK - 1] === plain[BLOCK + 1]) return key;
  }
  throw altered();
}
