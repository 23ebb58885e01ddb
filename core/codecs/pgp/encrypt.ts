/**
 * Encrypts files by PGP, as every current program can read them.
 *
 * @module
 */
import type { WebStream } from "openpgp";
import { Failure } from "../../contracts/failure.ts";
import { encryptCfb } from "./cfb.ts";
import { openPgpPrivateKey, openPgpPublicKey, type PgpPrivateKey, type PgpPublicKey } from "./keys.ts";
import { loadOpenPgp } from "./openpgp.ts";
import { PACKET, packetInParts } from "./packets.ts";

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
  const encryptionKeys = recipients.map(openPgpPublicKey);
  const signingKeys = sign === undefined ? [] : [openPgpPrivateKey(sign)];
  try {
    const message = await openpgp.createMessage({ binary: content, filename: name });
    const sessionKey = await openpgp.generateSessionKey({ encryptionKeys });
    if (sessionKey.aeadAlgorithm !== undefined) {
      const config = { preferredCompressionAlgorithm: openpgp.enums.compression.uncompressed };
      return await openpgp.encrypt({ message, sessionKey, encryptionKeys, signingKeys, format: "binary", config });
    }
    // With a modification detection code the library would hold the whole message in memory.
    const head = await openpgp.encryptSessionKey({ ...sessionKey, encryptionKeys, format: "binary" });
    const packets = signingKeys.length > 0
      ? await openpgp.sign({ message, signingKeys, format: "binary" })
      : message.write();
    return protectedMessage(head, packets, sessionKey.data);
  } catch (cause) {
    throw unusable(cause);
  }
}

function protectedMessage(
  head: Uint8Array,
  packets: Uint8Array | WebStream<Uint8Array>,
  key: Uint8Array,
): ReadableStream<Uint8Array> {
  // A stream of the library may be another one behind its methods, but not its iterator.
  const reader = (packets instanceof Uint8Array ? new Blob([packets.slice()]).stream() : packets).getReader();
  const parts = packetInParts(PACKET.encrypted, encryptCfb(piecesOf(reader), key));
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(head),
    async pull(controller) {
      const { value, done } = await parts.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

async function* piecesOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let piece = await reader.read(); piece.value !== undefined; piece = await reader.read()) yield piece.value;
}

function unusable(cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message.replace(/^Error [a-z ]+: /, "") : String(cause);
  return new Failure("auth", `The file cannot be encrypted by PGP: ${reason}`, {
    hint: "Check the PGP public key: it may have expired",
    cause,
  });
}
