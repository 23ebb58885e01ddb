/**
 * Packet headers and bodies (RFC 9580, section 4.2).
 *
 * @module
 */
import type { ByteReader } from "./byte_reader.ts";
import { cutShort, damaged } from "./failures.ts";

/** Packet types that matter here (RFC 9580, section 5; 20 is GnuPG's, of the draft before it). */
export const PACKET = {
  publicKeySessionKey: 1,
  signature: 2,
  passphraseSessionKey: 3,
  onePassSignature: 4,
  secretKey: 5,
  publicKey: 6,
  compressed: 8,
  encryptedUnprotected: 9,
  marker: 10,
  literal: 11,
  encrypted: 18,
  modificationDetection: 19,
  encryptedAead: 20,
  padding: 21,
} as const;

/** The longest packet that is held in memory: a key of 16,384 bits makes one of 2 KiB, notations more. */
const MAX_SMALL = 65_536;

/** Types whose bodies may come in parts, or without a length (section 4.2.1.4). */
const STREAMABLE: ReadonlySet<number> = new Set([
  PACKET.compressed,
  PACKET.encryptedUnprotected,
  PACKET.literal,
  PACKET.encrypted,
  PACKET.encryptedAead,
]);

/** How long a packet, or the first part of it, is. */
type Length =
  | { readonly kind: "whole"; readonly bytes: number }
  | { readonly kind: "part"; readonly bytes: number }
  | { readonly kind: "rest" };

/** A packet whose body has not been read yet. */
export interface Packet {
  /** Its type. */
  readonly tag: number;
  /** How long it says it is. */
  readonly length: Length;
}

/** Reads the header of the next packet; undefined at the end. */
export async function readPacket(reader: ByteReader): Promise<Packet | undefined> {
  const first = await reader.byte();
  if (first === undefined) return undefined;
  if ((first & 0x80) === 0) throw damaged("a packet does not start where one should");
  const isNew = (first & 0x40) !== 0;
  const tag = isNew ? first & 0x3f : (first & 0x3c) >> 2;
  const length = isNew ? await readLength(reader) : await readOldLength(reader, first & 3);
  if (length.kind !== "whole" && !STREAMABLE.has(tag)) throw damaged(`a packet of type ${tag} has no length`);
  return { tag, length };
}

async function readLength(reader: ByteReader): Promise<Length> {
  const first = await reader.requireByte();
  if (first < 192) return { kind: "whole", bytes: first };
  if (first < 224) return { kind: "whole", bytes: ((first - 192) << 8) + await reader.requireByte() + 192 };
  if (first < 255) return { kind: "part", bytes: 2 ** (first & 0x1f) };
  return { kind: "whole", bytes: await readNumber(reader, 4) };
}

async function readOldLength(reader: ByteReader, kind: number): Promise<Length> {
  if (kind === 3) return { kind: "rest" };
  return { kind: "whole", bytes: await readNumber(reader, 1 << kind) };
}

async function readNumber(reader: ByteReader, size: number): Promise<number> {
  let value = 0;
  for (const byte of await reader.exactly(size)) value = value * 256 + byte;
  return value;
}

/** The body of a packet, in pieces as they lie. */
export async function* packetBody(reader: ByteReader, packet: Packet): AsyncGenerator<Uint8Array, void, undefined> {
  if (packet.length.kind === "rest") return yield* reader.rest();
  for (let length: Length = packet.length;; length = await readLength(reader)) {
    for (let left = length.kind === "rest" ? 0 : length.bytes; left > 0;) {
      const bytes = await reader.some(left);
      if (bytes === undefined) throw cutShort();
      left -= bytes.length;
      yield bytes;
    }
    if (length.kind === "whole") return;
  }
}

/** The whole body of a packet that is short by nature. */
export async function smallBody(reader: ByteReader, { tag, length }: Packet): Promise<Uint8Array> {
  if (length.kind !== "whole" || length.bytes > MAX_SMALL) throw damaged(`a packet of type ${tag} is too long`);
  return new Uint8Array(await reader.exactly(length.bytes));
}

/** Bytes of a part of a packet that is written while its length is not known: a power of two. */
const PART_BITS = 18;

/** A packet of any length, in parts. */
export async function* packetInParts(
  tag: number,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield Uint8Array.of(0xc0 | tag);
  let part = new Uint8Array(1 + 2 ** PART_BITS);
  part[0] = 0xe0 | PART_BITS;
  let filled = 1;
  for await (let bytes of body) {
    while (bytes.length > 0) {
      if (filled === part.length) {
        yield part;
        part = part.slice();
        filled = 1;
      }
      const taken = bytes.subarray(0, part.length - filled);
      part.set(taken, filled);
      filled += taken.length;
      bytes = bytes.subarray(taken.length);
    }
  }
  yield wholeLength(filled - 1);
  yield part.subarray(1, filled);
}

function wholeLength(bytes: number): Uint8Array {
  const length = new Uint8Array(5);
  length[0] = 0xff;
  new DataView(length.buffer).setUint32(1, bytes);
  return length;
}

/** A packet with a header of its own, as other readers take it. */
export function writePacket(tag: number, body: Uint8Array): Uint8Array {
  const packet = new Uint8Array(6 + body.length);
  packet.set([0xc0 | tag, 0xff]);
  new DataView(packet.buffer).setUint32(2, body.length);
  packet.set(body, 6);
  return packet;
}
