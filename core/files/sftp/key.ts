/**
 * Reads private keys in the forms people have: OpenSSH, PEM (PKCS#1, SEC 1) and PKCS#8; RSA, ECDSA, Ed25519.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject } from "node:crypto";
import type { ParsedKey } from "ssh2";
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
  // ssh2 cannot parse PKCS#8, so such a key goes through the platform's own parser first.
  const parsed = /^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(key)
    ? utils.parseKey(convertPkcs8(key, passphrase))
    : utils.parseKey(key, passphrase === "" ? undefined : passphrase);
  if (parsed instanceof Error) throw unreadable(key);
  // ssh2 gives an array for some forms, though its types do not say so.
  const one = Array.isArray(parsed) ? parsed[0] as ParsedKey | undefined : parsed;
  if (one === undefined || !one.isPrivateKey()) throw unreadable(key);
  if (one.type === "ssh-dss") {
    throw new Failure("auth", "The private key is a DSA key, which is no longer secure", {
      hint: "Make an Ed25519 key: ssh-keygen -t ed25519",
    });
  }
  // An old PEM key decrypted by a wrong passphrase can pass for a key until it has to sign.
  if (one.sign(Buffer.from("probe")) instanceof Error) throw unreadable(key);
  return one;
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
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) {
    throw new Failure("auth", "The private key has no form that is known", {
      hint: "Give the whole text of an OpenSSH, PEM or PKCS#8 private key, its BEGIN and END lines included",
    });
  }
}

function isEncrypted(key: string): boolean {
  if (key.startsWith("-----BEGIN ENCRYPTED") || /^Proc-Type: 4,ENCRYPTED/m.test(key)) return true;
  if (!key.startsWith("-----BEGIN OPENSSH")) return false;
  // "openssh-key-v1\0", then the cipher's name with its length; a key that is not encrypted has "none" there.
  const blob = Buffer.from(key.replace(/-----[^-]+-----/g, ""), "base64");
  return blob.subarray(19, 23).toString("latin1") !== "none";
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

/** A PKCS#8 key in a form that ssh2 reads. */
function convertPkcs8(key: string, passphrase: string | undefined): string {
  let parsed: KeyObject;
  try {
    parsed = createPrivateKey(passphrase ? { key, passphrase } : { key });
  } catch {
    throw unreadable(key);
  }
  switch (parsed.asymmetricKeyType) {
    case "rsa":
      return parsed.export({ type: "pkcs1", format: "pem" }).toString();
    case "ec":
      return parsed.export({ type: "sec1", format: "pem" }).toString();
    case "ed25519":
      return openSshEd25519(parsed);
    default:
      throw unreadable(key);
  }
}

/** An Ed25519 key in OpenSSH's own form (PROTOCOL.key in OpenSSH's source), unencrypted. */
function openSshEd25519(key: KeyObject): string {
  const { x = "", d = "" } = key.export({ format: "jwk" });
  const publicKey = Buffer.from(x, "base64url");
  const privateKey = Buffer.concat([Buffer.from(d, "base64url"), publicKey]);
  const type = Buffer.from("ssh-ed25519");
  const publicBlob = Buffer.concat([sshString(type), sshString(publicKey)]);
  // Two equal check numbers, the key, an empty comment, and padding 1, 2, 3, … to the block size of 8.
  const body = Buffer.concat([Buffer.alloc(8), publicBlob, sshString(privateKey), sshString(Buffer.alloc(0))]);
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

/** A string as SSH writes it: its length in four bytes, then its bytes. */
function sshString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
