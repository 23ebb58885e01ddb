/**
 * Runs bytes through a compressor of the platform, in constant memory.
 *
 * @module
 */
import type { Transform } from "node:stream";

/** How hard it tries: what `gzip` does unless told. */
export const LEVEL = 6;

/** Bytes that are compressed at a time: some milliseconds. */
const PIECE = 256 * 1024;

/** How long the thread may be kept from its timers, in milliseconds: the platform compresses without leaving it. */
const LONGEST = 20;

/**
 * What `engine` makes of `content`. It takes no more of it than whoever reads asks for. `seen` gets every piece before it
 * is compressed. Throws what `content` throws.
 */
export async function* compressed(
  engine: Transform,
  content: AsyncIterable<Uint8Array>,
  seen: (piece: Uint8Array) => void = () => {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const ready: Uint8Array[] = [];
  engine.on("data", (bytes: Uint8Array) => ready.push(bytes));
  const ended = new Promise<void>((resolve) => engine.once("end", resolve));
  let turned = performance.now();
  try {
    for await (const bytes of content) {
      for (let start = 0; start < bytes.length; start += PIECE) {
        const piece = bytes.subarray(start, start + PIECE);
        seen(piece);
        await new Promise<void>((resolve, reject) =>
          void engine.write(piece, (error) => error ? reject(error) : resolve())
        );
        if (performance.now() - turned > LONGEST) {
          await new Promise<void>((resolve) => setTimeout(resolve));
          turned = performance.now();
        }
        yield* ready.splice(0);
      }
    }
    engine.end();
    await ended;
    yield* ready;
  } finally {
    engine.destroy();
  }
}
