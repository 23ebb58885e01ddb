/**
 * Private keys in the form that the SSH library reads: OpenSSH's own (PROTOCOL.key in OpenSSH's source).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { KeyObject } from "node:crypto";
import type { ParsedKey } from "./ssh2_types.ts";

/** The name of each curve in keys (RFC 5656) and the bytes of its numbers. */
const CURVES: Readonly<Record<string, { readonly name: string; readonly size: number }>> = {
  "P-256": { name: "nistp256", size: 32 },
  "P-384": { name: "nistp384", size: 48 },
  "P-521": { name: "nistp521", size: 66 },
};

/** A key in a form that ssh2 reads. */
export function openSshForm(key: KeyObject): string {
  if (key.asymmetricKeyType === "rsa") return key.export({ type: "pkcs1", format: "pem" }).toString();
  const { crv = "", x = "", y = "", d = "" } = key.export({ format: "jwk" });
  const [left, right, secret] = [x, y, d].map((part) => Buffer.from(part, "base64url"));
  if (left === undefined || right === undefined || secret === undefined) throw new Error("Not a key");
  if (crv === "Ed25519") return openSshKey("ssh-ed25519", [left], Buffer.concat([secret, left]));
  const curve = CURVES[crv];
  if (curve === undefined) throw new Error("Not a curve of SSH");
  const point = Buffer.concat([Buffer.from([4]), left, right]);
  return openSshKey(`ecdsa-sha2-${curve.name}`, [Buffer.from(curve.name), point], secret);
}

/**
 * An ECDSA key from OpenSSH's file with its secret number at full length.
 *
 * The file writes that number as short or as signed as it is, ssh2 copies it into a SEC 1 key as it stands, and Deno
 * refuses a SEC 1 key whose number is not exactly as long as the curve's (RFC 5915): every second key or so.
 */
export function paddedEcdsa(key: ParsedKey): string {
  const [type, curveName, point] = sshStrings(key.getPublicSSH());
  const curve = Object.values(CURVES).find(({ name }) => name === curveName?.toString("latin1"));
  const der = Buffer.from(key.getPrivatePEM().replace(/-----[^-]+-----/g, ""), "base64");
  // SEQUENCE, INTEGER 1, OCTET STRING: the length of the sequence has one byte, or two after 0x81.
  const at = der[1] === 0x81 ? 6 : 5;
  const secret = der.subarray(at + 2, at + 2 + (der[at + 1] ?? 0));
  if (type === undefined || curveName === undefined || point === undefined || curve === undefined) {
    throw new Error("Not an ECDSA key");
  }
  const padded = Buffer.concat([Buffer.alloc(curve.size), secret]).subarray(-curve.size);
  return openSshKey(type.toString("latin1"), [curveName, point], padded);
}

/** A key in OpenSSH's own form (PROTOCOL.key in OpenSSH's source), unencrypted. */
function openSshKey(type: string, publicParts: readonly Buffer[], secret: Buffer): string {
  const publicBlob = Buffer.concat([Buffer.from(type), ...publicParts].map(sshString));
  // Two equal check numbers, the key, an empty comment, and padding 1, 2, 3, … to the block size of 8.
  const body = Buffer.concat([Buffer.alloc(8), publicBlob, sshString(secret), sshString(Buffer.alloc(0))]);
  const padding = Buffer.from(Array.from({ length: (8 - body.length % 8) % 8 }, (_, index) => index + 1));
  const none = sshString(Buffer.from("none"));
  const blob = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    none,
    none,
    sshString(Buffer.alloc(0)),
    Buffer.from([0, 0, 0, 1]),
    sshString(publicBlob),
    sshString(Buffer.concat([body, padding])),
  ]);
  const lines = blob.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----"].join("\n");
}

/** The strings a blob consists of. */
function sshStrings(blob: Buffer): Buffer[] {
  const strings: Buffer[] = [];
  for (let at = 0; at + 4 <= blob.length;) {
    const end = at + 4 + blob.readUInt32BE(at);
    strings.push(blob.subarray(at + 4, end));
    at = end;
  }
  return strings;
}

/** A string as SSH writes it: its length in four bytes, then its bytes. */
function sshString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
