/**
 * Runs bytes through a decompressor of the platform, in constant memory.
 *
 * @module
 */
import type { Transform } from "node:stream";
import { Failure } from "../../contracts/failure.ts";

/** A decompressor of `node:zlib`; `bytesWritten` counts what it has consumed. */
export type Engine = Transform & { readonly bytesWritten: number };

/** Bytes that a decompressor gives at a time. */
export const ENGINE_CHUNK = 256 * 1024;

/**
 * What comes out of `engine`. A piece of the input is only asked for when the one before was consumed. `tail` gets what
 * follows after the end that the compressed data itself has, piece by piece, and throws where nothing may.
 *
 * Throws what `input` and `tail` throw, and what `explain` makes of an error of the engine.
 */
export async function* decompress(
  engine: Engine,
  input: AsyncIterable<Uint8Array>,
  tail: (bytes: Uint8Array) => void,
  explain: (error: unknown) => Failure,
): AsyncGenerator<Uint8Array, void, undefined> {
  const closed = new Promise<void>((resolve) => engine.once("close", resolve));
  const pieces = input[Symbol.asyncIterator]();
  const feed = async () => {
    let fed = 0;
    for (;;) {
      const { value, done } = await pieces.next();
      if (done || engine.destroyed) break;
      // What is behind the end it leaves alone.
      if (engine.bytesWritten === fed) {
        await Promise.race([closed, new Promise<void>((resolve) => engine.write(value, () => resolve()))]);
      }
      const unused = fed + value.length - Math.max(engine.bytesWritten, fed);
      fed += value.length;
      if (unused > 0 && !engine.destroyed) tail(value.subarray(value.length - unused));
    }
    engine.end();
  };
  const feeding = feed().catch((error: unknown) => void engine.destroy(error as Error));
  try {
    for await (const chunk of engine) yield chunk;
    await feeding;
  } catch (error) {
    throw error instanceof Failure ? error : explain(error);
  } finally {
    engine.destroy();
    await pieces.return?.();
  }
}
