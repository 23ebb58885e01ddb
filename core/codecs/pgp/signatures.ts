/**
 * Checks the signatures of a message over its file.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { SpoolFile } from "../spool.ts";
import { concatenated } from "./bytes.ts";
import { openPgpPublicKey, type PgpPublicKey } from "./keys.ts";
import { loadOpenPgp } from "./openpgp.ts";
import { PACKET, writePacket } from "./packets.ts";

const HINT = "Have the sender sign the file with the key that is expected, or give the key of this sender";

/**
 * Gives the first signer by whom the file is signed.
 *
 * Throws a `Failure` of kind `data` where there is none: no signature, none by these keys, or none that is valid.
 */
export async function requireSigner(
  file: SpoolFile,
  signatures: readonly Uint8Array[],
  signers: readonly PgpPublicKey[],
): Promise<PgpPublicKey> {
  const expected = signers.map(({ fingerprint, userId }) => `"${userId || fingerprint}"`).join(" or ");
  if (signatures.length === 0) {
    throw new Failure("data", `The PGP message is not signed, and a signature by ${expected} is required`, {
      hint: "Have the sender sign the file (gpg --sign --encrypt)",
    });
  }
  const reasons: string[] = [];
  for (const body of signatures) {
    const { signer, reason } = await check(file, body, signers);
    if (signer !== undefined) return signer;
    reasons.push(reason);
  }
  const found = [...new Set(reasons)].join("; ");
  throw new Failure("data", `The PGP message has no valid signature by ${expected}: ${found}`, { hint: HINT });
}

/** What came of one signature. */
interface Verdict {
  readonly signer?: PgpPublicKey;
  /** Why there is no signer. */
  readonly reason: string;
}

async function check(file: SpoolFile, body: Uint8Array, signers: readonly PgpPublicKey[]): Promise<Verdict> {
  const openpgp = await loadOpenPgp();
  const signature = await openpgp.readSignature({
    binarySignature: concatenated([writePacket(PACKET.signature, body)]),
  })
    .catch(() => undefined);
  const packet = signature?.packets[0];
  if (signature === undefined || packet === undefined) return { reason: "a signature is of a kind that is not known" };
  const id = packet.issuerKeyID;
  const name = id.toHex().toUpperCase();
  const signer = signers.find((key) => openPgpPublicKey(key).getKeys(id).length > 0);
  if (signer === undefined) return { reason: `it is signed by key ${name}` };
  const { data, signatures } = await openpgp.verify({
    message: await openpgp.createMessage({ binary: file.open() }),
    signature,
    verificationKeys: openPgpPublicKey(signer),
    format: "binary",
  });
  const verified = signatures[0]?.verified.then(() => undefined, (error: unknown) => error);
  // The library hashes what passes here. It puts another stream behind the methods of this one, but not its iterator.
  for (const reader = data.getReader(); !(await reader.read()).done;);
  if (verified === undefined) return { reason: `the signature by key ${name} is not over a file` };
  const error = await verified;
  if (error === undefined) return { signer, reason: "" };
  if (!(error instanceof Error)) throw error;
  return { reason: `the signature by key ${name} is not valid (${error.message})` };
}
