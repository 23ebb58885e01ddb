/**
 * Decrypts PGP messages; their plaintext is given out once it is authenticated, and never before.
 *
 * @module
 */
import { abortFailure, Failure, throwIfAborted } from "../../contracts/failure.ts";
import type { Spool, SpoolFile } from "../spool.ts";
import { decryptAead, readAeadHeader } from "./aead.ts";
import { dearmor, isArmored } from "./armor.ts";
import { ByteReader } from "./byte_reader.ts";
import { decryptCfb } from "./cfb.ts";
import { type Content, readContent } from "./content.ts";
import { cutShort, damaged, refused } from "./failures.ts";
import type { PgpPrivateKey, PgpPublicKey } from "./keys.ts";
import { Meter, type PgpLimits } from "./limits.ts";
import { PACKET, type Packet, packetBody, readPacket, smallBody } from "./packets.ts";
import { openEnvelope } from "./session_key.ts";
import { requireSigner } from "./signatures.ts";
import { SpoolWriter } from "./spool_writer.ts";

/** More recipients than a file is for. */
const MAX_RECIPIENTS = 1_000;

/** How to decrypt. */
export interface DecryptPgpOptions {
  /** Private keys, any of which may be that of the message. */
  readonly keys: readonly PgpPrivateKey[];
  /** Where the plaintext lies until it may be used, and after. */
  readonly spool: Spool;
  /** Who must have signed the message: one of these. Without them, signatures are passed over. */
  readonly signers?: readonly PgpPublicKey[];
  /** How much may come out. */
  readonly limits?: PgpLimits;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** The authenticated content of a PGP message. Disposing of it removes it. */
export interface DecryptedPgp extends AsyncDisposable {
  /** Bytes of the content. */
  readonly size: number;
  /** The file's name as the sender's program put it into the message, often empty. Not to be trusted as a path. */
  readonly name: string;
  /** The required signer whose signature is valid; absent where none was required. */
  readonly signedBy?: PgpPublicKey;
  /** The content from `offset` (0 unless told) to its end. */
  open(offset?: number): ReadableStream<Uint8Array>;
  /** Fills `into` from `offset` on, as far as the content goes; gives the number of bytes. */
  read(offset: number, into: Uint8Array): Promise<number>;
  /** Removes the plaintext. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Decrypts a message. What it gives and throws is told in public.ts. */
export async function decryptPgp(
  source: AsyncIterable<Uint8Array>,
  options: DecryptPgpOptions,
): Promise<DecryptedPgp> {
  const { spool, signers = [], signal } = options;
  const meter = new Meter(options.limits);
  const input = new ByteReader(meter.reading(readAhead(source, signal)));
  let file: SpoolFile | undefined;
  try {
    const reader = await isArmored(input) ? new ByteReader(dearmor(input)) : input;
    const plaintext = await openMessage(reader, options.keys);
    file = await spool.create();
    const { name, signatures } = await spoolContent(plaintext, file, meter);
    throwIfAborted(signal);
    const signedBy = signers.length === 0 ? undefined : await requireSigner(file, signatures, signers);
    return new Decrypted(file, name, signedBy);
  } catch (error) {
    await file?.[Symbol.asyncDispose]();
    throw signal?.aborted === true ? abortFailure(signal) : error;
  } finally {
    await input.close();
  }
}

/** Reads up to the encrypted data; gives the plaintext, which is authentic once it has ended without a failure. */
async function openMessage(
  reader: ByteReader,
  keys: readonly PgpPrivateKey[],
): Promise<AsyncGenerator<Uint8Array, void, undefined>> {
  const recipients: Uint8Array[] = [];
  let hasPassphrase = false;
  for (let isFirst = true;; isFirst = false) {
    if (isFirst) await requirePackets(reader);
    const packet = await readPacket(reader);
    if (packet === undefined) throw cutShort();
    switch (packet.tag) {
      case PACKET.publicKeySessionKey:
        if (recipients.length === MAX_RECIPIENTS) throw damaged("it has too many recipients");
        recipients.push(await smallBody(reader, packet));
        break;
      case PACKET.passphraseSessionKey:
        await smallBody(reader, packet);
        hasPassphrase = true;
        break;
      case PACKET.marker:
      case PACKET.padding:
        await smallBody(reader, packet);
        break;
      case PACKET.encrypted:
      case PACKET.encryptedAead:
        return await openData(reader, packet, (data) => openEnvelope({ recipients, hasPassphrase, data }, keys));
      default:
        throw notEncrypted(packet);
    }
  }
}

async function requirePackets(reader: ByteReader): Promise<void> {
  const [first] = await reader.peek(1);
  if (first === undefined) throw refused("The PGP message is empty", "Choose another file");
  if ((first & 0x80) === 0) throw refused("The file is no PGP message", "Choose a file that is encrypted by PGP");
}

function notEncrypted({ tag }: Packet): Error {
  switch (tag) {
    case PACKET.encryptedUnprotected:
      return refused(
        "The PGP message has no integrity protection",
        "Have the sender use a current program, and not disable the MDC (gpg: no --rfc2440, --disable-mdc)",
      );
    case PACKET.secretKey:
    case PACKET.publicKey:
      return refused("The file is a PGP key, not an encrypted file", "Choose another file");
    case PACKET.compressed:
    case PACKET.literal:
    case PACKET.signature:
    case PACKET.onePassSignature:
      return refused("The PGP message is not encrypted", "Have the sender encrypt it to your PGP public key");
    default:
      return damaged(`a packet of type ${tag} is not expected in it`);
  }
}

type FindKeys = (data: { readonly tag: number; readonly header: Uint8Array }) => ReturnType<typeof openEnvelope>;

async function openData(
  reader: ByteReader,
  packet: Packet,
  findKeys: FindKeys,
): Promise<AsyncGenerator<Uint8Array, void, undefined>> {
  const body = new ByteReader(packetBody(reader, packet));
  const [version] = await body.peek(1);
  if (packet.tag === PACKET.encrypted && version === 1) {
    const header = await body.exactly(1);
    return ended(decryptCfb(body, await findKeys({ tag: packet.tag, header })), reader);
  }
  const header = await readAeadHeader(body, packet.tag);
  return ended(decryptAead(body, header, await findKeys({ tag: packet.tag, header: header.bytes })), reader);
}

/** The plaintext, and a failure where anything but padding follows the encrypted data. */
async function* ended(
  plaintext: AsyncIterable<Uint8Array>,
  reader: ByteReader,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* plaintext;
  for (let packet = await readPacket(reader); packet !== undefined; packet = await readPacket(reader)) {
    if (packet.tag !== PACKET.padding && packet.tag !== PACKET.marker) throw damaged("something follows it");
    await smallBody(reader, packet);
  }
}

/** Puts the message's file into the spool. Resolves once all is authentic. */
async function spoolContent(
  plaintext: AsyncGenerator<Uint8Array, void, undefined>,
  file: SpoolFile,
  meter: Meter,
): Promise<Content> {
  const writer = new SpoolWriter(file);
  const unended = new ByteReader(plaintext);
  try {
    const content = await readContent(unended.rest(), { write: (bytes) => writer.write(bytes), meter });
    // To the very end, which is where it proves to be authentic.
    for await (const _ of unended.rest());
    await writer.end();
    return content;
  } catch (error) {
    // What was altered reads like nonsense; that it was altered is the better reason. Too much is too much.
    const isNonsense = error instanceof Failure && error.kind === "data" && error.code !== "too_large";
    if (isNonsense) { for await (const _ of plaintext); }
    throw error;
  } finally {
    await plaintext.return();
  }
}

class Decrypted implements DecryptedPgp {
  readonly name: string;
  readonly signedBy?: PgpPublicKey;
  readonly #file: SpoolFile;

  constructor(file: SpoolFile, name: string, signedBy: PgpPublicKey | undefined) {
    this.#file = file;
    this.name = name;
    if (signedBy !== undefined) this.signedBy = signedBy;
  }

  get size(): number {
    return this.#file.size;
  }

  open(offset = 0): ReadableStream<Uint8Array> {
    return this.#file.open(offset);
  }

  read(offset: number, into: Uint8Array): Promise<number> {
    return this.#file.read(offset, into);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}

/** The source, whose next piece is asked for while the one before is worked on. */
async function* readAhead(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      const { value, done } = await next;
      throwIfAborted(signal);
      if (done === true) return;
      next = iterator.next();
      // It may fail before it is asked for.
      next.catch(() => {});
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
