/**
 * The content of a compressed data packet (RFC 9580, section 5.6).
 *
 * @module
 */
import { Readable } from "node:stream";
import { createInflate, createInflateRaw } from "node:zlib";
import { Failure } from "../../contracts/failure.ts";
import { decompressBzip2 } from "../bzip2.ts";
import { damaged } from "./failures.ts";

/** Bytes that come out at a time. */
const CHUNK = 256 * 1024;

/** Undoes the compression of the number given in the packet. */
export function decompress(
  algorithm: number,
  source: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  switch (algorithm) {
    case 0:
      return source;
    case 1:
      return inflate(source, createInflateRaw);
    case 2:
      return inflate(source, createInflate);
    case 3:
      return decompressBzip2(source);
    default:
      throw damaged(`compression ${algorithm} is not known`);
  }
}

async function* inflate(
  source: AsyncIterable<Uint8Array>,
  create: typeof createInflate,
): AsyncGenerator<Uint8Array, void, undefined> {
  // A failure of the source is what went wrong; the decompressor would only tell of an end that is too early.
  let failure: unknown;
  const watched = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* source;
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  const input = Readable.from(watched(), { objectMode: false });
  const output = input.pipe(create({ chunkSize: CHUNK }));
  input.on("error", (error) => output.destroy(error));
  try {
    for await (const bytes of output) yield bytes;
  } catch (error) {
    if (failure !== undefined) throw failure;
    if (error instanceof Failure) throw error;
    throw damaged("its compressed content cannot be read", error);
  } finally {
    output.destroy();
    input.destroy();
  }
}
