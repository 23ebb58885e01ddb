/**
 * PGP: reading and checking keys, decrypting and encrypting files.
 *
 * @module
 */
export type { DecryptedPgp, DecryptPgpOptions } from "./decrypt.ts";
export type { EncryptPgpOptions } from "./encrypt.ts";
export type { PgpKeySummary, PgpPrivateKey, PgpPublicKey } from "./keys.ts";
export type { PgpLimits } from "./limits.ts";
export { decryptPgp, encryptPgp, loadEncryption, readPrivateKey, readPublicKey } from "./public.ts";
export type { PrivateKeyOptions, PublicKeyOptions } from "./read_keys.ts";
