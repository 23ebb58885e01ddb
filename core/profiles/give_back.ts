/**
 * Gives the memory of large arrays back as soon as nobody needs them.
 *
 * A commit makes tens of arrays of some hundred kilobytes each, and next to no objects: V8 sees little to collect, and
 * lets tens of MiB of them lie, in each thread.
 *
 * @module
 */

/** Smaller arrays are not worth it, and may lie in memory that they share. */
const LEAST_BYTES = 32_768;

/**
 * Frees the memory of arrays that their maker alone knows of, and which nobody reads again: they are empty afterwards.
 * One that was given back before is passed over.
 */
export function giveBack(...arrays: readonly ArrayBufferView[]): void {
  for (const { buffer } of arrays) {
    if (buffer instanceof ArrayBuffer && buffer.byteLength >= LEAST_BYTES) buffer.transfer(0);
  }
}
