/**
 * Unpacks Zstandard (RFC 8878).
 *
 * The platform's decoder stops after the first frame and takes a file that is cut off for a whole one. So frames are
 * told apart here, by the sizes of their blocks, and each goes through a decoder of its own.
 *
 * @module
 */
import { createZstdDecompress } from "node:zlib";
import { Failure } from "../../contracts/failure.ts";
import { ByteReader } from "../byte_reader.ts";
import { decompress, ENGINE_CHUNK } from "./engine.ts";

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;

/** Most bytes that a decoder has to look back: what the `zstd` program allows without `--long`. 128 MiB. */
const MOST_WINDOW = 134_217_728;

/** Bytes of two fields of the frame header, by the two bits of the descriptor that tell them. */
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;

/**
 * The content of all frames, one after another; skippable frames are passed over.
 *
 * Throws a `Failure` of kind `data` where the file is damaged, cut off, needs a dictionary or more memory than 128 MiB.
 * Frames without a checksum (the `zstd` program writes one) can be damaged without anybody noticing.
 */
export async function* unzstd(input: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(input);
  try {
    for (;;) {
      const start = await reader.read(4);
      if (start.length === 0) return;
      const magic = numberAt(start, 4, name);
      if (magic === MAGIC) {
        const frame = new Frame(reader, start, name);
        yield* decompress(createZstdDecompress({ chunkSize: ENGINE_CHUNK }), frame.bytes(), frame.tail, frame.explain);
      } else if (magic >>> 4 === SKIPPABLE >>> 4) {
        const size = numberAt(await reader.read(4), 4, name);
        let skipped = 0;
        for await (const piece of reader.pieces(size)) skipped += piece.length;
        if (skipped < size) throw cutOff(name);
      } else throw damaged(name, "something else follows after its end");
    }
  } finally {
    await reader.cancel();
  }
}

/** One frame: hands out its bytes up to its end and no further. */
class Frame {
  constructor(private readonly reader: ByteReader, private readonly magic: Uint8Array, private readonly name: string) {}

  readonly tail = (): void => {
    throw damaged(this.name, "the sizes of its blocks are wrong");
  };

  readonly explain = (error: unknown): Failure => {
    return damaged(this.name, "its content does not match its checksum or its form", error);
  };

  async *bytes(): AsyncGenerator<Uint8Array> {
    const { reader, name } = this;
    yield this.magic;
    const descriptor = await this.#exactly(1);
    const flags = descriptor[0] ?? 0;
    const isSingle = (flags & 0x20) !== 0;
    const window = await this.#exactly(isSingle ? 0 : 1);
    const dictionary = await this.#exactly(DICTIONARY_BYTES[flags & 3] ?? 0);
    const size = await this.#exactly(isSingle && flags >> 6 === 0 ? 1 : CONTENT_SIZE_BYTES[flags >> 6] ?? 0);
    if (dictionary.some((byte) => byte !== 0)) {
      throw new Failure("data", `File "${name}" was packed with a Zstandard dictionary`, {
        hint: "Have it packed without one",
      });
    }
    if ((isSingle ? numberOf(size) : windowOf(window[0] ?? 0)) > MOST_WINDOW) {
      throw new Failure("data", `File "${name}" takes more than ${MOST_WINDOW} bytes of memory to unpack`, {
        hint: "Have it packed without --long and --ultra",
      });
    }
    yield join([descriptor, window, dictionary, size]);
    for (let last = false; !last;) {
      const header = await this.#exactly(3);
      const block = numberOf(header);
      last = (block & 1) === 1;
      const type = block >> 1 & 3;
      yield header;
      // A run is a single byte, to be repeated.
      const length = type === 1 ? 1 : block >> 3;
      let given = 0;
      for await (const piece of reader.pieces(length)) {
        given += piece.length;
        yield piece;
      }
      if (given < length) throw cutOff(name);
    }
    if ((flags & 4) !== 0) yield await this.#exactly(4);
  }

  async #exactly(count: number): Promise<Uint8Array> {
    const bytes = await this.reader.read(count);
    if (bytes.length < count) throw cutOff(this.name);
    return bytes;
  }
}

/** RFC 8878, section 3.1.1.1.2. */
function windowOf(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + base / 8 * (byte & 7);
}

function numberAt(bytes: Uint8Array, count: number, name: string): number {
  if (bytes.length < count) throw cutOff(name);
  return numberOf(bytes);
}

/** Little-endian. */
function numberOf(bytes: Uint8Array): number {
  return bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function cutOff(name: string): Failure {
  return damaged(name, "it ends too early");
}

function damaged(name: string, how: string, cause?: unknown): Failure {
  return new Failure("data", `File "${name}" is no whole Zstandard file: ${how}`, {
    hint: "Have it packed and sent again",
    cause,
  });
}
