/**
 * The XOR of a stream with what blocks make of it, one block later: CFB, for whoever knows the blocks.
 *
 * @module
 */
import { BLOCK, type Blocks, xorInto } from "./block_cipher.ts";

/** Bytes worked on at a time; a multiple of the block. */
const CHUNK = 256 * 1024;

/** Gives each block XOR what `blocks` makes of the block before it; a block of zeros stands before the first. */
export async function* shifted(
  source: AsyncIterable<Uint8Array>,
  blocks: Blocks,
): AsyncGenerator<Uint8Array, void, undefined> {
  // One block of what came before, then what is to be worked on.
  const window = new Uint8Array(BLOCK + CHUNK);
  let filled = BLOCK;
  const work = (): Uint8Array => {
    const size = filled - BLOCK;
    const result = blocks(window.subarray(0, Math.ceil(size / BLOCK) * BLOCK)).subarray(0, size);
    xorInto(result, window.subarray(BLOCK, filled));
    window.copyWithin(0, CHUNK, BLOCK + CHUNK);
    filled = BLOCK;
    return result;
  };
  for await (let bytes of source) {
    while (bytes.length > 0) {
      const taken = bytes.subarray(0, window.length - filled);
      window.set(taken, filled);
      filled += taken.length;
      bytes = bytes.subarray(taken.length);
      if (filled === window.length) yield work();
    }
  }
  if (filled > BLOCK) yield work();
}
