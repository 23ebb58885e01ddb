/**
 * What PGP keys give a connection, and whether they can be used.
 *
 * @module
 */
import { type CheckResult, Failure, type FileConnection } from "@waybill/waybill";
import {
  type Decrypt,
  decryptPgp,
  encryptPgp,
  type PgpKeySummary,
  type PgpPrivateKey,
  readPrivateKey,
  readPublicKey,
} from "@waybill/waybill/codecs";

/** The keys of an auth. */
export interface PgpKeys {
  readonly pgp_private_key?: string | undefined;
  readonly pgp_passphrase?: string | undefined;
  readonly pgp_signer_key?: string | undefined;
  readonly pgp_public_key?: string | undefined;
  readonly pgp_signing_key?: string | undefined;
  readonly pgp_signing_passphrase?: string | undefined;
}

/** Encrypts a stream, and signs it where there is a key for it; a `Failure` of kind `auth` for keys that cannot any more. */
export type Encrypt = (content: ReadableStream<Uint8Array>) => Promise<ReadableStream<Uint8Array>>;

/** Decrypts with the auth's private key. The keys are read at the first file: most connections meet none. */
export function decryption({ pgp_private_key, pgp_passphrase, pgp_signer_key }: PrivateKeys): Decrypt {
  const read = async () => {
    // What was encrypted while the key was in use can still be read.
    const key = await readPrivateKey(pgp_private_key, { ...passphraseOf(pgp_passphrase), acceptOutdated: true });
    const signer = pgp_signer_key === undefined ? undefined : await readPublicKey(pgp_signer_key, { use: "verify" });
    return { keys: [key], signers: signer === undefined ? [] : [signer] };
  };
  let keys: ReturnType<typeof read> | undefined;
  return async (message, options) => await decryptPgp(message, { ...await (keys ??= read()), ...options });
}

/** Encrypts to the auth's public key, and signs with its own. The keys are looked at for each file: they may expire. */
export function encryption(keys: PublicKeys): Encrypt {
  return async (content) => {
    const recipients = [await readPublicKey(keys.pgp_public_key)];
    const sign = await readSigningKey(keys);
    return await encryptPgp(content, { recipients, ...(sign === undefined ? {} : { sign }) });
  };
}

async function readSigningKey(
  { pgp_signing_key, pgp_signing_passphrase }: PgpKeys,
): Promise<PgpPrivateKey | undefined> {
  if (pgp_signing_key === undefined) return undefined;
  try {
    return await readPrivateKey(pgp_signing_key, { ...passphraseOf(pgp_signing_passphrase), use: "sign" });
  } catch (error) {
    throw error instanceof Failure ? named(SIGNING, error) : error;
  }
}

/** A connection of an auth that takes keys without needing them. */
export interface MaybePgpConnection extends FileConnection {
  /** Decrypts PGP messages; absent without a private key. */
  readonly decrypt?: Decrypt;
  /** Encrypts by PGP; absent without a public key. */
  readonly encrypt?: Encrypt;
}

/** What the keys that are given do. */
export function optionalPgp(keys: PgpKeys): Pick<MaybePgpConnection, "decrypt" | "encrypt"> {
  const { pgp_private_key, pgp_public_key } = keys;
  return {
    ...(pgp_private_key === undefined ? {} : { decrypt: decryption({ ...keys, pgp_private_key }) }),
    ...(pgp_public_key === undefined ? {} : { encrypt: encryption({ ...keys, pgp_public_key }) }),
  };
}

/** Refuses keys that cannot be used: a `Failure` of kind `config`, since what is given is to be changed. */
export async function checkKeys(keys: PgpKeys): Promise<void> {
  requireKeysOf(keys);
  for (const { name, read } of givenKeys(keys)) {
    try {
      await read();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { message, hint } = named(name, error);
      throw new Failure("config", message, { ...(hint === undefined ? {} : { hint }), cause: error });
    }
  }
}

/** Tells of each key what it is called and when it ends. A key that cannot be used is told, then thrown. */
export async function* describeKeys(keys: PgpKeys): AsyncGenerator<CheckResult, void, undefined> {
  for (const { name, read } of givenKeys(keys)) {
    try {
      yield { name, ok: true, detail: sentence(await read()) };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { kind, message: detail, hint = "Give another key" } = named(name, error);
      yield { name, ok: false, detail, hint };
      throw new Failure(kind, detail, { hint, cause: error });
    }
  }
}

interface PrivateKeys extends PgpKeys {
  readonly pgp_private_key: string;
}

interface PublicKeys extends PgpKeys {
  readonly pgp_public_key: string;
}

interface GivenKey {
  readonly name: string;
  read(): Promise<PgpKeySummary>;
}

const SIGNER = "PGP signer's key";
const SIGNING = "PGP signing key";

function* givenKeys(keys: PgpKeys): Generator<GivenKey, void, undefined> {
  const { pgp_private_key, pgp_passphrase, pgp_signer_key, pgp_public_key, pgp_signing_key } = keys;
  if (pgp_private_key !== undefined) {
    yield { name: "PGP private key", read: () => readPrivateKey(pgp_private_key, passphraseOf(pgp_passphrase)) };
  }
  if (pgp_signer_key !== undefined) {
    yield { name: SIGNER, read: () => readPublicKey(pgp_signer_key, { use: "verify" }) };
  }
  if (pgp_public_key !== undefined) yield { name: "PGP public key", read: () => readPublicKey(pgp_public_key) };
  if (pgp_signing_key !== undefined) {
    const { pgp_signing_passphrase } = keys;
    const options = { ...passphraseOf(pgp_signing_passphrase), use: "sign" } as const;
    yield { name: SIGNING, read: () => readPrivateKey(pgp_signing_key, options) };
  }
}

/** Keys that mean nothing without another: which, without which, and what that is called. */
const NEEDED: readonly (readonly [keyof PgpKeys, keyof PgpKeys, string])[] = [
  ["pgp_passphrase", "pgp_private_key", "a PGP private key"],
  ["pgp_signer_key", "pgp_private_key", "a PGP private key"],
  ["pgp_signing_key", "pgp_public_key", "a PGP public key"],
  ["pgp_signing_passphrase", "pgp_signing_key", "a PGP signing key"],
];

function requireKeysOf(keys: PgpKeys): void {
  for (const [given, needed, what] of NEEDED) {
    if (keys[given] === undefined || keys[needed] !== undefined) continue;
    throw new Failure("config", `\`${given}\` is given without ${what}`, {
      hint: `Give \`${needed}\` as well, or leave it out`,
    });
  }
}

function passphraseOf(passphrase: string | undefined): { readonly passphrase?: string } {
  return passphrase === undefined ? {} : { passphrase };
}

/** What those who read keys call them: whoever gives several has to know which one is meant. */
function named(name: string, failure: Failure): Failure {
  const { kind, message, hint, code } = failure;
  if (name !== SIGNER && name !== SIGNING) return failure;
  const given = name === SIGNER ? "PGP key of the signer" : SIGNING;
  const text = (said: string) => said.replace(/PGP (public|private) key/g, given);
  return new Failure(kind, text(message), {
    ...(hint === undefined ? {} : { hint: text(hint) }),
    ...(code === undefined ? {} : { code }),
    cause: failure,
  });
}

function sentence({ fingerprint, userId, algorithm, expires, notes }: PgpKeySummary): string {
  const end = expires === undefined ? "without an end" : `until ${expires.toString().slice(0, 10)}`;
  const whose = userId === "" ? "" : ` of "${userId}"`;
  return [`${fingerprint}${whose}, ${algorithm}, ${end}`, ...notes].join("; ");
}
