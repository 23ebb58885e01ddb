/**
 * Whom a message is for: the packets with the encrypted session key (RFC 9580, section 5.1).
 *
 * Nothing authenticates them, so what the algorithms would pass over is looked at here: a file with any changed byte is
 * refused, even where its content would be the same.
 *
 * @module
 */
import { damaged } from "./failures.ts";

/** One recipient. */
export interface Recipient {
  /** The body of the packet. */
  readonly body: Uint8Array;
  /** Key id or fingerprint, in upper-case hex; undefined where the recipient is hidden. */
  readonly id: string | undefined;
}

/** Bytes of a fingerprint, by the version of the key. */
const FINGERPRINTS: ReadonlyMap<number, number> = new Map([[4, 20], [6, 32]]);

/** Reads whom the packet is for. Throws a `Failure` of kind `data` for one that is not written as it should be. */
export function readRecipient(body: Uint8Array): Recipient {
  const [version, length = 0, keyVersion = 0] = body;
  if (version === 3) {
    const id = body.subarray(1, 9);
    requireExact(body.subarray(9));
    return { body, id: id.every((byte) => byte === 0) ? undefined : id.toHex().toUpperCase() };
  }
  // Those of version 2 went out of use before 1998.
  if (version !== 6) throw damaged(`session keys of version ${version} are not known`);
  requireExact(body.subarray(2 + length));
  if (length === 0) return { body, id: undefined };
  if (length - 1 !== FINGERPRINTS.get(keyVersion)) throw strange();
  return { body, id: body.subarray(3, 2 + length).toHex().toUpperCase() };
}

/** Throws where the algorithm's numbers have bits too many or too few, or do not fill the packet. */
function requireExact(bytes: Uint8Array): void {
  const [algorithm = 0] = bytes;
  const end = endOf(algorithm, bytes);
  if (end !== undefined && end !== bytes.length) throw strange();
}

/** Where the algorithm's fields end; undefined for one that is not known here. */
function endOf(algorithm: number, bytes: Uint8Array): number | undefined {
  switch (algorithm) {
    // RSA.
    case 1:
    case 2:
    case 3:
      return endOfNumber(bytes, 1);
    case 16:
      return endOfNumber(bytes, endOfNumber(bytes, 1));
    // ECDH: a point, and a wrapped key with its length.
    case 18: {
      const end = endOfNumber(bytes, 1);
      if (bytes[3] === 0x40 && end === 36) requireCoordinate(bytes.subarray(4, end));
      return end + 1 + (bytes[end] ?? 0);
    }
    // X25519 and X448: as many bytes as they have, and a wrapped key with its length.
    case 25:
    case 26: {
      const end = 1 + (algorithm === 25 ? 32 : 56);
      if (algorithm === 25) requireCoordinate(bytes.subarray(1, end));
      return end + 1 + (bytes[end] ?? 0);
    }
  }
}

/** Throws where the highest of the 256 bits of a coordinate is set: X25519 passes over it (RFC 7748, section 5). */
function requireCoordinate(bytes: Uint8Array): void {
  if ((bytes.at(-1)! & 0x80) !== 0) throw strange();
}

/** Where a number with its length in bits ends (section 3.2). */
function endOfNumber(bytes: Uint8Array, start: number): number {
  const [high = 0, low = 0, first = 0] = bytes.subarray(start);
  const bits = (high << 8) | low;
  const leading = bits === 0 ? 0 : 32 - Math.clz32(first);
  if (bits !== 0 && leading !== (bits - 1) % 8 + 1) throw strange();
  return start + 2 + Math.ceil(bits / 8);
}

function strange(): Error {
  return damaged("its session key is not written as it should be");
}
