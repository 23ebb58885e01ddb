/**
 * Tells what is wrong with a private key, without the SSH library and without a connection.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";
import { openSshForm } from "./key_form.ts";

/** What is wrong with a private key; no part of the key or its passphrase is in it. */
export interface PrivateKeyProblem {
  /** What follows "The private key", e.g. `is a PuTTY key`. */
  readonly what: string;
  /** What to do, as a sentence without a final period. */
  readonly hint: string;
}

/**
 * Says what keeps a private key from being used; undefined where nothing is seen. Takes milliseconds.
 *
 * It knows what is no private key, PuTTY's and public keys, kinds that are not supported, files that are cut, a missing
 * passphrase, and for PEM and PKCS#8 a wrong one. Whether a passphrase opens a key in OpenSSH's own form, which is made
 * to be slow, shows only when a connection is opened.
 */
export function privateKeyProblem(text: string, passphrase?: string): PrivateKeyProblem | undefined {
  const key = text.trim();
  const other = otherKind(key);
  if (other !== undefined) return other;
  if (isEncrypted(key) && !passphrase) return LOCKED;
  return isOpenSshKey(key) ? openSshProblem(key) : pemProblem(key, passphrase);
}

/** What to say of a key that looks right and cannot be read. */
export function unreadable(text: string): PrivateKeyProblem {
  return isEncrypted(text.trim()) ? WRONG_PASSPHRASE : DAMAGED;
}

/** Whether a key is in OpenSSH's own form. */
export function isOpenSshKey(key: string): boolean {
  return key.startsWith("-----BEGIN OPENSSH");
}

const LOCKED: PrivateKeyProblem = {
  what: "is encrypted and no passphrase was given",
  hint: "Give the key's passphrase",
};
const WRONG_PASSPHRASE: PrivateKeyProblem = {
  what: "cannot be decrypted with this passphrase",
  hint: "Check the key's passphrase",
};
const DAMAGED: PrivateKeyProblem = {
  what: "is damaged or of a kind that is not supported",
  hint: "Give an RSA, ECDSA or Ed25519 key in OpenSSH, PEM or PKCS#8 form, complete with all its lines",
};
const DSA: PrivateKeyProblem = {
  what: "is a DSA key, which is no longer secure",
  hint: "Make an Ed25519 key with `ssh-keygen -t ed25519`",
};

function otherKind(key: string): PrivateKeyProblem | undefined {
  if (key.startsWith("PuTTY-User-Key-File")) {
    return { what: "is a PuTTY key", hint: "Convert it with `puttygen key.ppk -O private-openssh -o key`" };
  }
  if (/^(ssh-|ecdsa-sha2-|sk-)\S+ |^-----BEGIN (RSA )?PUBLIC KEY|^---- BEGIN SSH2 PUBLIC KEY/.test(key)) {
    return { what: "is a public key", hint: "Give the private key, which is the file without .pub" };
  }
  if (key.startsWith("-----BEGIN DSA ")) return DSA;
  if (!/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(key)) {
    return {
      what: "has no form that is known",
      hint: "Give the whole text of an OpenSSH, PEM or PKCS#8 private key, its BEGIN and END lines included",
    };
  }
}

function isEncrypted(key: string): boolean {
  if (key.startsWith("-----BEGIN ENCRYPTED") || /^Proc-Type: 4,ENCRYPTED/m.test(key)) return true;
  return isOpenSshKey(key) && (openSshParts(key)?.cipher ?? "none") !== "none";
}

function pemProblem(key: string, passphrase: string | undefined): PrivateKeyProblem | undefined {
  try {
    openSshForm(createPrivateKey(passphrase ? { key, passphrase } : { key }));
  } catch {
    return unreadable(key);
  }
}

function openSshProblem(key: string): PrivateKeyProblem | undefined {
  const type = openSshParts(key)?.type;
  if (type === "ssh-dss") return DSA;
  if (type?.startsWith("sk-")) {
    return {
      what: "needs its security key to be plugged in",
      hint: "Give a key that lies in a file alone: make one with `ssh-keygen -t ed25519`",
    };
  }
  return /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521))$/.test(type ?? "") ? undefined : DAMAGED;
}

/** What a file in OpenSSH's form tells without its passphrase; undefined where it is not whole. */
function openSshParts(key: string): { readonly cipher: string; readonly type: string } | undefined {
  const lines = /^-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)-----END OPENSSH PRIVATE KEY-----/.exec(key)?.[1];
  const blob = Buffer.from(lines ?? "", "base64");
  if (blob.toString("latin1", 0, MAGIC.length) !== MAGIC) return undefined;
  let at = MAGIC.length;
  const next = (): Buffer | undefined => {
    const start = at + 4;
    if (start > blob.length) return undefined;
    at = start + blob.readUInt32BE(start - 4);
    return at > blob.length ? undefined : blob.subarray(start, at);
  };
  const cipher = next()?.toString("latin1");
  // The key derivation and its options, and how many keys there are.
  if (next() === undefined || next() === undefined) return undefined;
  at += 4;
  const publicKey = next();
  if (cipher === undefined || publicKey === undefined || publicKey.length < 4 || next() === undefined) return undefined;
  return { cipher, type: publicKey.toString("latin1", 4, 4 + publicKey.readUInt32BE(0)) };
}

const MAGIC = "openssh-key-v1\0";
