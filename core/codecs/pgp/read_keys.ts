/**
 * Reads PGP keys as users give them.
 *
 * @module
 */
import type { Key, PrivateKey } from "openpgp";
import { Failure } from "../../contracts/failure.ts";
import { lintKey } from "./key_lint.ts";
import { parseKey } from "./key_text.ts";
import { type PgpPrivateKey, type PgpPublicKey, wrapPrivateKey, wrapPublicKey } from "./keys.ts";
import { loadOpenPgp } from "./openpgp.ts";

/** What a private key is wanted for. */
export interface PrivateKeyOptions {
  /** Opens it; what the user typed. Not needed, and noted, where the key is not locked. */
  readonly passphrase?: string;
  /** `decrypt` unless told. */
  readonly use?: "decrypt" | "sign";
  /**
   * Whether a key passes that has expired or was revoked since it was saved: files that were encrypted before can still be
   * read. False unless told; its summary notes it. Of no effect for `sign`.
   */
  readonly acceptOutdated?: boolean;
}

/** What a public key is wanted for. */
export interface PublicKeyOptions {
  /** `encrypt` unless told; `verify` checks signatures. */
  readonly use?: "encrypt" | "verify";
}

/** Reads and checks a private key. What it gives and throws is told in public.ts. */
export async function readPrivateKey(
  given: string | Uint8Array,
  options: PrivateKeyOptions = {},
): Promise<PgpPrivateKey> {
  const { use = "decrypt", passphrase, acceptOutdated = false } = options;
  const key = await parseKey(given, "private");
  if (!isPrivate(key)) throw new TypeError("A private key was found");
  const look = { half: "private", use, acceptOutdated: acceptOutdated && use === "decrypt" } as const;
  const summary = await lintKey(key, look);
  const unlocked = await unlock(key, passphrase);
  const notes = key.isDecrypted() && passphrase ? ["The key is not locked, so its passphrase is not needed"] : [];
  return wrapPrivateKey({ ...summary, notes: [...summary.notes, ...notes] }, unlocked);
}

/** Reads and checks a public key. What it gives and throws is told in public.ts. */
export async function readPublicKey(
  given: string | Uint8Array,
  { use = "encrypt" }: PublicKeyOptions = {},
): Promise<PgpPublicKey> {
  const key = await parseKey(given, "public");
  const summary = await lintKey(key, { half: "public", use, acceptOutdated: use === "verify" });
  return wrapPublicKey(summary, key);
}

function isPrivate(key: Key): key is PrivateKey {
  return key.isPrivate();
}

async function unlock(key: PrivateKey, passphrase: string | undefined): Promise<PrivateKey> {
  if (key.isDecrypted()) return key;
  if (!passphrase) {
    throw new Failure("auth", "The PGP private key is locked by a passphrase, and none is given", {
      hint: "Give the passphrase of the PGP private key",
    });
  }
  const openpgp = await loadOpenPgp();
  try {
    return await openpgp.decryptKey({ privateKey: key, passphrase });
  } catch (cause) {
    if (cause instanceof Error && /passphrase|integrity|checksum/i.test(cause.message)) {
      throw new Failure("auth", "The passphrase does not open the PGP private key", {
        hint: "Check the passphrase: capitals, blanks at its ends, and whether it is that of this key",
        cause,
      });
    }
    throw new Failure("auth", "The PGP private key cannot be opened", {
      hint: "Export it again with its secret parts (gpg --armor --export-secret-keys)",
      cause,
    });
  }
}
