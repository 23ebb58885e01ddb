/**
 * The key that a message's data is encrypted with, taken from the packets before it.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import { concatenated } from "./bytes.ts";
import { damaged, refused } from "./failures.ts";
import { openPgpPrivateKey, type PgpPrivateKey } from "./keys.ts";
import { loadOpenPgp } from "./openpgp.ts";
import { PACKET, writePacket } from "./packets.ts";
import { readRecipient, type Recipient } from "./recipients.ts";

/** A key that may be that of the message. */
export interface SessionKey {
  /** 16, 24 or 32 bytes for AES. */
  readonly key: Uint8Array;
}

const KEY_BYTES: Readonly<Record<string, number>> = { aes128: 16, aes192: 24, aes256: 32 };

/** What stands before the encrypted data, and how that starts. */
export interface Envelope {
  /** The bodies of the packets with an encrypted session key, by recipient. */
  readonly recipients: readonly Uint8Array[];
  /** Whether a passphrase opens it, too. */
  readonly hasPassphrase: boolean;
  /** Type and first bytes of the encrypted data. */
  readonly data: { readonly tag: number; readonly header: Uint8Array };
}

/**
 * Gives the session key; more than one where recipients are hidden and several keys seem to fit.
 *
 * Throws a `Failure` of kind `auth` where the message is to other keys, `data` where it is to none.
 */
export async function openEnvelope(envelope: Envelope, keys: readonly PgpPrivateKey[]): Promise<SessionKey[]> {
  const { recipients, data } = envelope;
  if (recipients.length === 0) throw withoutRecipient(envelope);
  const ours = forUs(recipients.map(readRecipient), keys);
  const openpgp = await loadOpenPgp();
  const packets = ours.map(({ body }) => writePacket(PACKET.publicKeySessionKey, body));
  const message = await openpgp.readMessage({
    binaryMessage: concatenated([...packets, writePacket(data.tag, data.header)]),
  }).catch((cause: unknown) => {
    throw damaged("nobody can tell which key it is for", cause);
  });
  const decryptionKeys = keys.map(openPgpPrivateKey);
  const found = await openpgp.decryptSessionKeys({ message, decryptionKeys }).catch((cause: unknown) => {
    // None of ours may be among hidden ones.
    if (ours.every(({ id }) => id === undefined)) throw forOthers(ours, keys, cause);
    throw damaged("its session key cannot be decrypted", cause);
  });
  const fitting = found.filter(({ algorithm, data }) => algorithm === null || KEY_BYTES[algorithm] === data.length);
  if (fitting.length === 0) {
    const ciphers = found.map(({ algorithm }) => algorithm).join(", ");
    throw refused(
      `The PGP message is encrypted with ${ciphers}`,
      "Have the sender use AES (gpg: --cipher-algo AES256)",
    );
  }
  return fitting.map(({ data }) => ({ key: data }));
}

/** Those who may be us. Throws a `Failure` of kind `auth` where there are none. */
function forUs(recipients: readonly Recipient[], keys: readonly PgpPrivateKey[]): Recipient[] {
  const parts = keys.flatMap((key) => openPgpPrivateKey(key).getKeys());
  const names = new Set(parts.flatMap((part) => [part.getFingerprint(), part.getKeyID().toHex()]));
  const ours = recipients.filter(({ id }) => id === undefined || names.has(id.toLowerCase()));
  if (ours.length === 0) throw forOthers(recipients, keys);
  return ours;
}

function withoutRecipient({ hasPassphrase }: Envelope): Failure {
  if (!hasPassphrase) return damaged("it names no key that it is encrypted to");
  return refused(
    "The PGP message is encrypted with a passphrase, not to a key",
    "Have the sender encrypt it to your PGP public key (gpg --encrypt --recipient), not with --symmetric",
  );
}

function forOthers(recipients: readonly Recipient[], keys: readonly PgpPrivateKey[], cause?: unknown): Failure {
  const theirs = recipients.map(({ id }) => id ?? "a hidden key").join(", ");
  const ours = keys.flatMap(({ keyIds }) => keyIds).join(", ");
  return new Failure("auth", `The PGP message is encrypted to ${theirs}, and not to the key given: ${ours}`, {
    hint: "Give the private key that it is for, or have the sender encrypt it to yours",
    cause,
  });
}
