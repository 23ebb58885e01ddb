/**
 * PGP: reading and checking keys, decrypting and encrypting files.
 *
 * @module
 */
export { type DecryptedPgp, decryptPgp, type DecryptPgpOptions } from "./decrypt.ts";
export { encryptPgp, type EncryptPgpOptions } from "./encrypt.ts";
export type { PgpKeySummary, PgpPrivateKey, PgpPublicKey } from "./keys.ts";
export type { PgpLimits } from "./limits.ts";
export { type PrivateKeyOptions, type PublicKeyOptions, readPrivateKey, readPublicKey } from "./read_keys.ts";
