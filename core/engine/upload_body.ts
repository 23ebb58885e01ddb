/**
 * The bytes of an upload as they are to be stored: read to the end, unpacked.
 *
 * @module
 */
import { createGunzip } from "node:zlib";
import { decompress, ENGINE_CHUNK } from "../codecs/decode/engine.ts";
import { Failure } from "../contracts/failure.ts";
import { abortedOr, untilAborted } from "../files/failures.ts";

/** How an upload comes in. */
export interface UploadBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** Whether it is packed with gzip. */
  readonly gzip: boolean;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** The bytes. Failure `config` for a body that ends early, or is no gzip. Ending the iteration early cancels the body. */
export function uploadBytes({ stream, gzip, signal }: UploadBody): AsyncIterable<Uint8Array> {
  const bytes = read(stream, signal);
  return gzip ? unpacked(bytes) : bytes;
}

async function* read(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await untilAborted(reader.read(), signal);
      ended = done;
      if (done) return;
      yield value;
    }
  } catch (error) {
    const failure = abortedOr(signal, error);
    throw failure instanceof Failure ? failure : new Failure("config", "The request body ended before it was whole", {
      hint: "Send it again",
      cause: error,
    });
  } finally {
    if (!ended) reader.cancel().catch(() => {});
  }
}

/** Every member of a gzip file, and nothing behind the last but zeros. */
function unpacked(packed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const broken = (cause?: unknown) =>
    new Failure("config", "The request body cannot be unpacked: it is no gzip, or is damaged or cut off", {
      hint: 'Pack it again, or send it as it is, without "Content-Encoding"',
      cause,
    });
  const tail = (bytes: Uint8Array) => {
    if (bytes.some((byte) => byte !== 0)) throw broken();
  };
  return decompress(createGunzip({ chunkSize: ENGINE_CHUNK }), packed, tail, broken);
}
