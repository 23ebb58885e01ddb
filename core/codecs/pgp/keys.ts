/**
 * PGP keys as the rest of Waybill sees them: what they are called and when they end, never what is secret.
 *
 * @module
 */
import type { PrivateKey, PublicKey } from "openpgp";

/** What `auth check` shows of a key. */
export interface PgpKeySummary {
  /** Of the primary key: upper-case hex, 40 or 64 digits. */
  readonly fingerprint: string;
  /** The primary user id, `Name <address>`; empty where there is none. */
  readonly userId: string;
  /** Algorithm and size or curve of the part that encrypts (signs, for a key that signs): `RSA 3072`, `X25519`. */
  readonly algorithm: string;
  /** When it was made. */
  readonly created: Temporal.Instant;
  /** When its use ends: that of the primary key or of the part used, whichever is first. Absent = never. */
  readonly expires?: Temporal.Instant;
  /** Ids (16 hex digits, upper case) of the parts that can be used, the best first. */
  readonly keyIds: readonly string[];
  /** What the user should know: one sentence each, without a final period. */
  readonly notes: readonly string[];
}

/** A private key, unlocked. It holds no secret that could be printed: that is kept elsewhere. */
export interface PgpPrivateKey extends PgpKeySummary {
  readonly kind: "private";
}

/** A public key. */
export interface PgpPublicKey extends PgpKeySummary {
  readonly kind: "public";
}

const privateKeys = new WeakMap<PgpPrivateKey, PrivateKey>();
const publicKeys = new WeakMap<PgpPublicKey, PublicKey>();

/** Makes the library's key one of ours. */
export function wrapPrivateKey(summary: PgpKeySummary, key: PrivateKey): PgpPrivateKey {
  const wrapped: PgpPrivateKey = Object.freeze({ kind: "private", ...summary });
  privateKeys.set(wrapped, key);
  return wrapped;
}

/** Makes the library's key one of ours. */
export function wrapPublicKey(summary: PgpKeySummary, key: PublicKey): PgpPublicKey {
  const wrapped: PgpPublicKey = Object.freeze({ kind: "public", ...summary });
  publicKeys.set(wrapped, key);
  return wrapped;
}

/** The library's key. */
export function openPgpPrivateKey(key: PgpPrivateKey): PrivateKey {
  return known(privateKeys.get(key), "readPrivateKey");
}

/** The library's key. */
export function openPgpPublicKey(key: PgpPublicKey): PublicKey {
  return known(publicKeys.get(key), "readPublicKey");
}

function known<T>(key: T | undefined, maker: string): T {
  if (key === undefined) throw new TypeError(`The PGP key was not made by ${maker}`);
  return key;
}
