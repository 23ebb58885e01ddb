/**
 * What of PGP is public. Its parts are loaded when they are first called: most commands need none of them.
 *
 * @module
 */
import type { DecryptedPgp, DecryptPgpOptions } from "./decrypt.ts";
import type { EncryptPgpOptions } from "./encrypt.ts";
import type { PgpPrivateKey, PgpPublicKey } from "./keys.ts";
import type { PrivateKeyOptions, PublicKeyOptions } from "./read_keys.ts";

/**
 * Reads and checks a private key: armored (in a string or bytes) or binary.
 *
 * Throws a `Failure` of kind `config` for what is not one private key (a public one, several, an SSH key, …), and of
 * kind `auth` for a passphrase that is missing or wrong, and for a key that has expired, was revoked, or cannot be used
 * (it only signs, its secret is on a card).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readPrivateKey } from "@waybill/waybill/codecs";
 *
 * await assert.rejects(readPrivateKey("PuTTY-User-Key-File-3: ssh-ed25519"), /is a PuTTY key, which is for SSH/);
 * ```
 */
export async function readPrivateKey(
  given: string | Uint8Array,
  options: PrivateKeyOptions = {},
): Promise<PgpPrivateKey> {
  const part = await import("./read_keys.ts");
  return await part.readPrivateKey(given, options);
}

/**
 * Reads and checks a public key: armored (in a string or bytes) or binary.
 *
 * Throws a `Failure` of kind `config` for what is not one public key (a private one, several, an SSH key, …), and of
 * kind `auth` for a key that has expired, was revoked, or cannot be used (it only signs, it is too weak). To `verify`,
 * keys pass that have expired: what they signed before stays signed. Those that were revoked do not.
 */
export async function readPublicKey(
  given: string | Uint8Array,
  options: PublicKeyOptions = {},
): Promise<PgpPublicKey> {
  const part = await import("./read_keys.ts");
  return await part.readPublicKey(given, options);
}

/**
 * Decrypts a message: binary or armored, of RSA, ECDH or X25519 keys, with AES in CFB with a modification detection code,
 * or in OCB, EAX or GCM (RFC 9580 and GnuPG's packet), compressed by ZIP, ZLIB or BZIP2, or not. Memory does not grow
 * with the message.
 *
 * Throws a `Failure` of kind `data` for a message that is damaged, altered or cut short, has no integrity protection, is
 * opened by a passphrase only, exceeds the limits or lacks a required signature; of kind `auth` where it is to other
 * keys; and what `source` and the spool throw. Then nothing of it was given out and the spool is empty.
 */
export async function decryptPgp(
  source: AsyncIterable<Uint8Array>,
  options: DecryptPgpOptions,
): Promise<DecryptedPgp> {
  const part = await import("./decrypt.ts");
  return await part.decryptPgp(source, options);
}

/** Loads what {@linkcode encryptPgp} needs: a tenth of a second less to wait for whoever waits for something else, too. */
export async function loadEncryption(): Promise<void> {
  const [{ loadOpenPgp }] = await Promise.all([
    import("./openpgp.ts"),
    import("./read_keys.ts"),
    import("./encrypt.ts"),
  ]);
  await loadOpenPgp();
}

/**
 * Encrypts a stream: AES-256 with a modification detection code, which GnuPG 2.2 and everything after it reads; AEAD only
 * where every recipient's key asks for it; not compressed. Binary. Memory does not grow with the stream.
 *
 * Throws a `Failure` of kind `auth` where a key cannot be used any more (it has expired since it was read), and `config`
 * where no recipient is given; the stream that comes back fails as `content` does.
 */
export async function encryptPgp(
  content: ReadableStream<Uint8Array>,
  options: EncryptPgpOptions,
): Promise<ReadableStream<Uint8Array>> {
  const part = await import("./encrypt.ts");
  return await part.encryptPgp(content, options);
}
