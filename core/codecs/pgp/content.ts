/**
 * What a PGP message holds once it is decrypted: a literal file, compressed or not, signed or not (RFC 9580, section
 * 10.3).
 *
 * @module
 */
import { ByteReader } from "./byte_reader.ts";
import { decompress } from "./decompress.ts";
import { damaged } from "./failures.ts";
import type { Meter } from "./limits.ts";
import { PACKET, packetBody, readPacket, smallBody } from "./packets.ts";

/** How often content may be compressed over: once is usual. */
const MAX_DEPTH = 4;

/** More signatures than anybody makes. */
const MAX_SIGNATURES = 64;

/** Where the content goes. */
export interface ContentSink {
  /** Takes the file's bytes, piece by piece. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly meter: Meter;
}

/** What was found beside the bytes. */
export interface Content {
  /** Name in the literal packet, as the sender's program wrote it; often empty. */
  readonly name: string;
  /** Bodies of the signature packets, of whatever signers. */
  readonly signatures: readonly Uint8Array[];
}

/** Reads the packets to their end. Throws a `Failure` of kind `data` where they make no message with one file. */
export async function readContent(source: AsyncIterable<Uint8Array>, sink: ContentSink): Promise<Content> {
  const found: Found = { signatures: [] };
  await readPackets(new ByteReader(source), sink, found, 0);
  if (found.name === undefined) throw damaged("it holds no file");
  return { name: found.name, signatures: found.signatures };
}

interface Found {
  name?: string;
  readonly signatures: Uint8Array[];
}

async function readPackets(reader: ByteReader, sink: ContentSink, found: Found, depth: number): Promise<void> {
  for (let packet = await readPacket(reader); packet !== undefined; packet = await readPacket(reader)) {
    switch (packet.tag) {
      case PACKET.literal:
        requireFirst(found);
        found.name = await readLiteral(new ByteReader(packetBody(reader, packet)), sink);
        break;
      case PACKET.compressed:
        requireFirst(found);
        if (depth === MAX_DEPTH) throw damaged("it is compressed over and over");
        await readCompressed(new ByteReader(packetBody(reader, packet)), sink, found, depth + 1);
        break;
      case PACKET.signature:
        if (found.signatures.length === MAX_SIGNATURES) throw damaged("it has too many signatures");
        found.signatures.push(await smallBody(reader, packet));
        break;
      case PACKET.onePassSignature:
      case PACKET.marker:
      case PACKET.padding:
        await smallBody(reader, packet);
        break;
      default:
        throw damaged(`a packet of type ${packet.tag} is not expected in it`);
    }
  }
}

function requireFirst({ name }: Found): void {
  if (name !== undefined) throw damaged("it holds more than one file");
}

async function readCompressed(body: ByteReader, sink: ContentSink, found: Found, depth: number): Promise<void> {
  const algorithm = await body.requireByte();
  const source = decompress(algorithm, body.rest());
  const metered = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const bytes of source) {
      sink.meter.decompressed(bytes.length);
      yield bytes;
    }
  };
  await readPackets(new ByteReader(metered()), sink, found, depth);
  // Decompressors stop where the compressed data does; padding may follow it.
  for await (const _ of body.rest());
}

/** Reads format, name and date, then the file; gives the name (section 5.9). */
async function readLiteral(body: ByteReader, { write, meter }: ContentSink): Promise<string> {
  await body.requireByte();
  const name = new TextDecoder().decode(await body.exactly(await body.requireByte()));
  await body.exactly(4);
  for await (const bytes of body.rest()) {
    meter.made(bytes.length);
    await write(bytes);
  }
  return name;
}
