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
  readPrivateKey,
  readPublicKey,
} from "@waybill/waybill/codecs";

/** The keys of an auth. */
export interface PgpKeys {
  readonly pgp_private_key?: string | undefined;
  readonly pgp_passphrase?: string | undefined;
  readonly pgp_signer_key?: string | undefined;
  readonly pgp_public_key?: string | undefined;
}

/** Encrypts a stream; throws a `Failure` of kind `auth` where the key cannot be used any more. */
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

/** Encrypts to the auth's public key. */
export function encryption({ pgp_public_key }: { readonly pgp_public_key: string }): Encrypt {
  return async (content) => await encryptPgp(content, { recipients: [await readPublicKey(pgp_public_key)] });
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
    ...(pgp_public_key === undefined ? {} : { encrypt: encryption({ pgp_public_key }) }),
  };
}

/** Refuses keys that cannot be used: a `Failure` of kind `config`, since what is given is to be changed. */
export async function checkKeys(keys: PgpKeys): Promise<void> {
  if (keys.pgp_private_key === undefined) requireKeyOf(keys);
  for (const { name, read } of givenKeys(keys)) {
    try {
      await read();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure("config", messageOf(name, error), {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        cause: error,
      });
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
      const { kind, hint = "Give another key" } = error;
      const detail = messageOf(name, error);
      yield { name, ok: false, detail, hint };
      throw new Failure(kind, detail, { hint, cause: error });
    }
  }
}

interface PrivateKeys extends PgpKeys {
  readonly pgp_private_key: string;
}

interface GivenKey {
  readonly name: string;
  read(): Promise<PgpKeySummary>;
}

const SIGNER = "PGP signer's key";

function* givenKeys(keys: PgpKeys): Generator<GivenKey, void, undefined> {
  const { pgp_private_key, pgp_passphrase, pgp_signer_key, pgp_public_key } = keys;
  if (pgp_private_key !== undefined) {
    yield { name: "PGP private key", read: () => readPrivateKey(pgp_private_key, passphraseOf(pgp_passphrase)) };
  }
  if (pgp_signer_key !== undefined) {
    yield { name: SIGNER, read: () => readPublicKey(pgp_signer_key, { use: "verify" }) };
  }
  if (pgp_public_key !== undefined) yield { name: "PGP public key", read: () => readPublicKey(pgp_public_key) };
}

/** What belongs to a private key means nothing without one. */
function requireKeyOf({ pgp_passphrase, pgp_signer_key }: PgpKeys): void {
  const given = pgp_passphrase !== undefined
    ? "`pgp_passphrase`"
    : pgp_signer_key !== undefined
    ? "`pgp_signer_key`"
    : undefined;
  if (given === undefined) return;
  throw new Failure("config", `${given} is given without a PGP private key`, {
    hint: "Give `pgp_private_key` as well, or leave it out",
  });
}

function passphraseOf(passphrase: string | undefined): { readonly passphrase?: string } {
  return passphrase === undefined ? {} : { passphrase };
}

/** The signer's key is a public one to whoever reads it, and another one to whoever gave it. */
function messageOf(name: string, { message }: Failure): string {
  return name === SIGNER ? message.replace(/^The PGP public key/, "The PGP key of the signer") : message;
}

function sentence({ fingerprint, userId, algorithm, expires, notes }: PgpKeySummary): string {
  const end = expires === undefined ? "without an end" : `until ${expires.toString().slice(0, 10)}`;
  const whose = userId === "" ? "" : ` of "${userId}"`;
  return [`${fingerprint}${whose}, ${algorithm}, ${end}`, ...notes].join("; ");
}
