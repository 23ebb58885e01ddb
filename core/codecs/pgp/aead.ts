/**
 * Data encrypted and authenticated chunk by chunk: version 2 of the encrypted data packet (RFC 9580, section 5.13.2), and
 * the packet of type 20 that GnuPG 2.3 and later write for keys that ask for it (draft-ietf-openpgp-rfc4880bis).
 *
 * @module
 */
import { hkdfSync } from "node:crypto";
import { AEAD_MODES, type AeadMode, type OpenChunk, TAG } from "./aead_modes.ts";
import type { ByteReader } from "./byte_reader.ts";
import { altered, cutShort, damaged, refused } from "./failures.ts";
import { PACKET } from "./packets.ts";
import type { SessionKey } from "./session_key.ts";

/** Bytes of an AES key, by the cipher's number in packets. */
const KEY_BYTES: ReadonlyMap<number, number> = new Map([[7, 16], [8, 24], [9, 32]]);

/** The largest chunk: 4 MiB, the most that RFC 9580 allows and what GnuPG writes. */
const MAX_CHUNK_BITS = 22;

const SALT = 32;

/** What the packet says of itself. */
export interface AeadHeader {
  /** Its bytes, from the packet's version on, with salt or nonce. */
  readonly bytes: Uint8Array;
  readonly mode: AeadMode;
  readonly keyBytes: number;
  /** Bytes of plaintext in a chunk; the last one has fewer. */
  readonly chunk: number;
  /** What every tag covers: type and the four bytes that follow it. */
  readonly associated: Uint8Array;
  /** Whether it is that of version 2; else that of type 20. */
  readonly isVersion2: boolean;
}

/** Reads the header of a packet of type 18 with version 2, or of type 20 with version 1. */
export async function readAeadHeader(body: ByteReader, tag: number): Promise<AeadHeader> {
  const [version = 0, cipher = 0, aead = 0, size = 0] = await body.peek(4);
  const isVersion2 = tag === PACKET.encrypted;
  if (version !== (isVersion2 ? 2 : 1)) throw damaged(`encrypted data of version ${version} is not known`);
  const [mode, keyBytes] = [AEAD_MODES.get(aead), KEY_BYTES.get(cipher)];
  if (mode === undefined) throw damaged(`mode ${aead} of encryption is not known`);
  if (keyBytes === undefined) {
    throw refused(`The PGP message is encrypted with cipher ${cipher}`, "Have the sender use AES");
  }
  if (size + 6 > MAX_CHUNK_BITS) {
    throw refused("The PGP message has chunks over 4 MiB", "Have the sender use smaller ones");
  }
  const bytes = new Uint8Array(await body.exactly(4 + (isVersion2 ? SALT : mode.nonce)));
  const associated = Uint8Array.of(0xc0 | tag, version, cipher, aead, size);
  return { bytes, mode, keyBytes, chunk: 2 ** (size + 6), associated, isVersion2 };
}

/** Decrypts what follows the header. Every piece is authentic; the whole is once the iteration has ended. */
export async function* decryptAead(
  body: ByteReader,
  header: AeadHeader,
  keys: readonly SessionKey[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const candidates = keys.filter(({ key }) => key.length === header.keyBytes).map(({ key }) => chunksOf(header, key));
  let index = 0;
  let total = 0;
  let chosen: Chunks | undefined;
  for await (const { sealed, isLast } of sealedChunks(body, header.chunk)) {
    if (sealed.length > TAG) {
      const opened = await openFirst(chosen === undefined ? candidates : [chosen], index, sealed);
      if (opened === undefined) throw altered();
      chosen = opened.chunks;
      total += opened.plain.length;
      index++;
      yield opened.plain;
    }
    if (!isLast) continue;
    if (chosen === undefined || !await chosen.isEnd(index, total, await body.exactly(TAG))) throw altered();
    return;
  }
}

async function openFirst(
  candidates: readonly Chunks[],
  index: number,
  sealed: Uint8Array,
): Promise<{ readonly chunks: Chunks; readonly plain: Uint8Array } | undefined> {
  for (const chunks of candidates) {
    const plain = await chunks.open(index, sealed);
    if (plain !== undefined) return { chunks, plain };
  }
}

/** The chunks, each with its tag. The reader is left before the tag that ends the whole. */
async function* sealedChunks(
  body: ByteReader,
  chunk: number,
): AsyncGenerator<{ readonly sealed: Uint8Array; readonly isLast: boolean }, void, undefined> {
  for (;;) {
    const ahead = await body.peek(chunk + 2 * TAG);
    const isLast = ahead.length < chunk + 2 * TAG;
    if (ahead.length < TAG) throw cutShort();
    const sealed = await body.exactly(isLast ? ahead.length - TAG : chunk + TAG);
    yield { sealed, isLast };
    if (isLast) return;
  }
}

/** The chunks of one message under one key. */
interface Chunks {
  readonly open: (index: number, sealed: Uint8Array) => Promise<Uint8Array | undefined>;
  /** Whether `tag` says that the message has `index` chunks with `total` bytes. */
  readonly isEnd: (index: number, total: number, tag: Uint8Array) => Promise<boolean>;
}

function chunksOf(header: AeadHeader, sessionKey: Uint8Array): Chunks {
  const { mode, associated, isVersion2 } = header;
  const { key, nonceOf } = isVersion2 ? version2(header, sessionKey) : version1(header, sessionKey);
  const open: OpenChunk = mode.withKey(key);
  const numbered = (index: number) => isVersion2 ? associated : withNumber(associated, index);
  return {
    open: (index, sealed) => open(nonceOf(index), sealed, numbered(index)),
    isEnd: async (index, total, tag) => {
      return await open(nonceOf(index), tag, withNumber(numbered(index), total)) !== undefined;
    },
  };
}

interface Derived {
  readonly key: Uint8Array;
  readonly nonceOf: (index: number) => Uint8Array;
}

/** Key and nonces are derived from session key and salt; the chunk's number ends the nonce. */
function version2({ bytes, mode, keyBytes, associated }: AeadHeader, sessionKey: Uint8Array): Derived {
  const start = mode.nonce - 8;
  const derived = new Uint8Array(hkdfSync("sha256", sessionKey, bytes.subarray(4), associated, keyBytes + start));
  const nonceOf = (index: number) => withNumber(derived.subarray(keyBytes), index);
  return { key: derived.subarray(0, keyBytes), nonceOf };
}

/** The chunk's number is added to the end of the nonce. */
function version1({ bytes }: AeadHeader, sessionKey: Uint8Array): Derived {
  const nonceOf = (index: number) => {
    const nonce = bytes.slice(4);
    const view = new DataView(nonce.buffer);
    view.setBigUint64(nonce.length - 8, view.getBigUint64(nonce.length - 8) ^ BigInt(index));
    return nonce;
  };
  return { key: sessionKey, nonceOf };
}

/** The bytes, and a number of 64 bits behind them. */
function withNumber(bytes: Uint8Array, number: number): Uint8Array {
  const result = new Uint8Array(bytes.length + 8);
  result.set(bytes);
  new DataView(result.buffer).setBigUint64(bytes.length, BigInt(number));
  return result;
}
