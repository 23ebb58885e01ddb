/**
 * Tells what is wrong with an SSH public key, as `authorized_keys` has them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { PrivateKeyProblem } from "./key_problem.ts";

/** Bits of an RSA key from which it is taken (NIST SP 800-131A). */
const LEAST_RSA = 2_048;

const TYPES = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521))$/;

const MAKE = "Make an Ed25519 key with `ssh-keygen -t ed25519`";

/**
 * Says what keeps one line from being a public key that can log in; undefined where nothing does. What it says follows
 * "The public key".
 */
export function publicKeyProblem(line: string): PrivateKeyProblem | undefined {
  const key = line.trim();
  const other = otherKind(key);
  if (other !== undefined) return other;
  const [type = "", blob = ""] = key.split(/\s+/);
  if (type === "ssh-dss") return { what: "is a DSA key, which is no longer secure", hint: MAKE };
  if (!TYPES.test(type)) {
    return { what: "has no form that is known", hint: "Give the one line of the .pub file: type, key and comment" };
  }
  const parts = /^[A-Za-z0-9+/]+={0,2}$/.test(blob) ? partsOf(Buffer.from(blob, "base64")) : [];
  if (parts[0]?.toString("latin1") !== type || !isComplete(type, parts)) {
    return { what: "is damaged", hint: "Give the one line of the .pub file, complete" };
  }
  if (type === "ssh-rsa" && bitsOf(parts[2]) < LEAST_RSA) {
    return { what: `is an RSA key of less than ${LEAST_RSA} bits`, hint: MAKE };
  }
}

function otherKind(key: string): PrivateKeyProblem | undefined {
  if (key.startsWith("PuTTY-User-Key-File")) {
    return { what: "is a private key of PuTTY's", hint: "Give the public one: `puttygen key.ppk -L` prints it" };
  }
  if (key.startsWith("---- BEGIN SSH2 PUBLIC KEY")) {
    return { what: "is in the form of RFC 4716", hint: "Convert it with `ssh-keygen -i -f key.pub`" };
  }
  if (/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(key)) {
    return { what: "is a private key, which nobody else should have", hint: "Give the public one, from the .pub file" };
  }
  if (/^-----BEGIN (RSA )?PUBLIC KEY-----/.test(key)) {
    return { what: "is in PEM form", hint: "Convert it with `ssh-keygen -i -m PKCS8 -f key.pem`" };
  }
  if (key.startsWith("sk-")) {
    return { what: "is one of a security key, which this server does not know", hint: MAKE };
  }
}

/** The strings that a key's blob consists of (RFC 4253, section 6.6; RFC 5656; RFC 8709); none where it is not whole. */
function partsOf(blob: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < blob.length;) {
    if (at + 4 > blob.length) return [];
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return [];
    parts.push(blob.subarray(at + 4, end));
    at = end;
  }
  return parts;
}

function isComplete(type: string, parts: readonly Buffer[]): boolean {
  if (type === "ssh-ed25519") return parts.length === 2 && parts[1]?.length === 32;
  if (type === "ssh-rsa") return parts.length === 3;
  return parts.length === 3 && type.endsWith(parts[1]?.toString("latin1") ?? "?") && parts[2]?.[0] === 4;
}

/** The bits of a number as SSH writes it: with a byte of zeros where its first bit is set. */
function bitsOf(number: Buffer | undefined): number {
  const digits = number?.toString("hex").replace(/^0+/, "") ?? "";
  return digits === "" ? 0 : BigInt(`0x${digits}`).toString(2).length;
}
