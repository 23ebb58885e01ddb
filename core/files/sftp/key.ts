/**
 * Reads private keys in the forms people have: OpenSSH, PEM (PKCS#1, SEC 1) and PKCS#8; RSA, ECDSA, Ed25519.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject } from "node:crypto";
import type { ParsedKey } from "./ssh2_types.ts";
import { Failure } from "../../contracts/failure.ts";
import { loadSsh2 } from "./ssh2.ts";

/**
 * Parses a private key. Throws a `Failure` of kind `auth` that says what is wrong with the key or its passphrase; no
 * message and no cause holds a part of either.
 */
export async function readPrivateKey(text: string, passphrase: string | undefined): Promise<ParsedKey> {
  const key = text.trim();
  refuseOtherKinds(key);
  if (isEncrypted(key) && !passphrase) {
    throw new Failure("auth", "The private key is encrypted and no passphrase was given", {
      hint: "Give the key's passphrase",
    });
  }
  const { utils } = await loadSsh2();
  try {
    const isOpenSsh = key.startsWith("-----BEGIN OPENSSH");
    // ssh2 knows neither PKCS#8 nor, on Deno, every PEM: those go through the platform's own parser first.
    const text = isOpenSsh ? key : openSshForm(createPrivateKey(passphrase ? { key, passphrase } : { key }));
    const parsed = utils.parseKey(text, isOpenSsh && passphrase ? passphrase : undefined);
    if (parsed instanceof Error) throw parsed;
    const usable = isOpenSsh && parsed.type.startsWith("ecdsa-") ? utils.parseKey(paddedEcdsa(parsed)) : parsed;
    if (usable instanceof Error) throw usable;
    if (usable.sign(Buffer.from("probe")) instanceof Error) throw new Error("The key cannot sign");
    return usable;
  } catch {
    // Not kept as a cause: a parser's message may quote what it parsed.
    throw unreadable(key);
  }
}

function refuseOtherKinds(key: string): void {
  if (key.startsWith("PuTTY-User-Key-File")) {
    throw new Failure("auth", "The private key is a PuTTY key", {
      hint: "Convert it: puttygen key.ppk -O private-openssh -o key",
    });
  }
  if (/^(ssh-|ecdsa-sha2-|sk-)\S+ |^-----BEGIN (RSA )?PUBLIC KEY|^---- BEGIN SSH2 PUBLIC KEY/.test(key)) {
    throw new Failure("auth", "The key is a public key, not a private key", {
      hint: "Give the private key: the file without .pub",
    });
  }
  if (key.startsWith("-----BEGIN DSA ")) {
    throw new Failure("auth", "The private key is a DSA key, which is no longer secure", {
      hint: "Make an Ed25519 key: ssh-keygen -t ed25519",
    });
  }
  if (!/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(key)) {
    throw new Failure("auth", "The private key has no form that is known", {
      hint: "Give the whole text of an OpenSSH, PEM or PKCS#8 private key, its BEGIN and END lines included",
    });
  }
}

function isEncrypted(key: string): boolean {
  if (key.startsWith("-----BEGIN ENCRYPTED") || /^Proc-Type: 4,ENCRYPTED/m.test(key)) return true;
  if (!key.startsWith("-----BEGIN OPENSSH")) return false;
  // "openssh-key-v1\0", then the cipher's name with its length; a key that is not encrypted has "none" there.
  const blob = Buffer.from(key.replace(/-----[^-]+-----/g, ""), "base64").toString("latin1");
  return blob.startsWith("openssh-key-v1\0") && !blob.startsWith("none", 19);
}

function unreadable(key: string): Failure {
  return isEncrypted(key)
    ? new Failure("auth", "The private key cannot be decrypted with this passphrase", {
      hint: "Check the key's passphrase",
    })
    : new Failure("auth", "The private key is damaged or of a kind that is not supported", {
      hint: "Give an RSA, ECDSA or Ed25519 key in OpenSSH, PEM or PKCS#8 form, complete with all its lines",
    });
}

/** The name of each curve in keys (RFC 5656) and the bytes of its numbers. */
const CURVES: Readonly<Record<string, { readonly name: string; readonly size: number }>> = {
  "P-256": { name: "nistp256", size: 32 },
  "P-384": { name: "nistp384", size: 48 },
  "P-521": { name: "nistp521", size: 66 },
};

/** A key in a form that ssh2 reads. */
function openSshForm(key: KeyObject): string {
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
function paddedEcdsa(key: ParsedKey): string {
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
