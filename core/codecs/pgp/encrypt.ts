/**
 * Encrypts files by PGP, as every current program can read them.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import { openPgpPrivateKey, openPgpPublicKey, type PgpPrivateKey, type PgpPublicKey } from "./keys.ts";
import { loadOpenPgp } from "./openpgp.ts";

/** How to encrypt. */
export interface EncryptPgpOptions {
  /** Whom it is for: one key at least; each of them can open it. */
  readonly recipients: readonly PgpPublicKey[];
  /** Signs it. Read with `use: "sign"`. */
  readonly sign?: PgpPrivateKey;
  /** The file's name inside of the message, for those who unpack it; none unless told. */
  readonly name?: string;
}

/** Encrypts a stream. What it gives and throws is told in public.ts. */
export async function encryptPgp(
  content: ReadableStream<Uint8Array>,
  { recipients, sign, name = "" }: EncryptPgpOptions,
): Promise<ReadableStream<Uint8Array>> {
  if (recipients.length === 0) {
    throw new Failure("config", "No PGP key is given to encrypt to", { hint: "Give the recipient's PGP public key" });
  }
  const openpgp = await loadOpenPgp();
  const message = await openpgp.createMessage({ binary: content, filename: name });
  try {
    return await openpgp.encrypt({
      message,
      encryptionKeys: recipients.map(openPgpPublicKey),
      ...(sign === undefined ? {} : { signingKeys: openPgpPrivateKey(sign) }),
      format: "binary",
      config: { preferredCompressionAlgorithm: openpgp.enums.compression.uncompressed },
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^Error encrypting message: /, "") : String(cause);
    throw new Failure("auth", `The file cannot be encrypted by PGP: ${reason}`, {
      hint: "Check the PGP public key: it may have expired",
      cause,
    });
  }
}
