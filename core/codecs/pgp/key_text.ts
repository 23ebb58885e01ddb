/**
 * Tells what somebody gave in place of a PGP key.
 *
 * @module
 */
import type { Key } from "openpgp";
import { Failure } from "../../contracts/failure.ts";
import { loadOpenPgp } from "./openpgp.ts";

/** Which half of a key is meant. */
export type KeyHalf = "private" | "public";

/** The largest key file: those with thousands of signatures by others are smaller. */
const MAX_KEY_BYTES = 4 * 1024 * 1024;

/** How a key starts: at the start of a line, which may be indented or be the first, behind a byte order mark. */
const BLOCK = /^(?:\ufeff|\u00ef\u00bb\u00bf)?[ \t]*-----BEGIN PGP (?:PRIVATE|PUBLIC) KEY BLOCK-----/gm;

/** What other things start with, and what they are. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^PuTTY-User-Key-File-/m, "a PuTTY key, which is for SSH"],
  [/^-----BEGIN OPENSSH PRIVATE KEY-----|^---- BEGIN SSH2/m, "an SSH key"],
  [/^(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S+|sk-\S+) /m, "an SSH public key"],
  [/^-----BEGIN CERTIFICATE/m, "a certificate (X.509)"],
  [/^-----BEGIN (?:[A-Z]+ )?(?:PRIVATE|PUBLIC) KEY-----/m, "a key in PEM format, for SSH or TLS"],
  [/^-----BEGIN PGP MESSAGE-----/m, "an encrypted PGP message"],
  [/^-----BEGIN PGP SIGN/m, "a PGP signature"],
];

/**
 * Parses the one key in `given`: armored or binary.
 *
 * Throws a `Failure` of kind `config` for anything else.
 */
export async function parseKey(given: string | Uint8Array, half: KeyHalf): Promise<Key> {
  if (given.length > MAX_KEY_BYTES) throw notKey(half, `is over ${MAX_KEY_BYTES} bytes`);
  if (given.length === 0) throw notKey(half, "is empty");
  const text = typeof given === "string" ? given : new TextDecoder("latin1").decode(given);
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0) {
    const [, what] = OTHERS.find(([pattern]) => pattern.test(text)) ?? [];
    if (what !== undefined) throw notKey(half, `is ${what}`);
    if (typeof given === "string") throw notKey(half, "is no PGP key");
  }
  if (blocks.length > 1) throw several(half, blocks.length);
  const keys = await readKeys(blocks.length === 1 ? armorIn(text) : given, half);
  if (keys.length !== 1) throw several(half, keys.length);
  const key = keys[0]!;
  if (key.isPrivate() && half === "public") {
    throw new Failure("config", "The PGP public key is a private key", {
      hint: "Give the public key (gpg --armor --export), and keep the private one to yourself",
    });
  }
  if (!key.isPrivate() && half === "private") {
    throw new Failure("config", "The PGP private key is a public key", {
      hint: "Give the private key (gpg --armor --export-secret-keys)",
    });
  }
  return key;
}

/** The armored block alone: keys are pasted with text around them, and with their lines indented. */
function armorIn(text: string): string {
  const start = text.indexOf("-----BEGIN PGP");
  return text.slice(start).replace(/^[ \t]+|[ \t\r]+$/gm, "");
}

async function readKeys(given: string | Uint8Array, half: KeyHalf): Promise<Key[]> {
  const openpgp = await loadOpenPgp();
  try {
    return typeof given === "string"
      ? await openpgp.readKeys({ armoredKeys: given })
      : await openpgp.readKeys({ binaryKeys: given });
  } catch (cause) {
    throw notKey(half, "is no PGP key, or is damaged", cause);
  }
}

function notKey(half: KeyHalf, what: string, cause?: unknown): Failure {
  const command = half === "private" ? "--export-secret-keys" : "--export";
  return new Failure("config", `The PGP ${half} key ${what}`, {
    hint: `Give a PGP ${half} key as gpg --armor ${command} writes it`,
    cause,
  });
}

function several(half: KeyHalf, count: number): Failure {
  return new Failure("config", `The PGP ${half} key holds ${count} keys`, {
    hint: "Export the one that is meant, by its fingerprint",
  });
}
