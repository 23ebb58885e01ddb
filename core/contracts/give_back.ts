/**
 * Gives the memory of large arrays back as soon as nobody needs them.
 *
 * A commit makes tens of arrays of some hundred kilobytes each, and a file is read in as many pieces, while next to no
 * objects are made: V8 sees little to collect, and lets tens of MiB of them lie, in each thread.
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

/** Copies an array into a larger one that takes its place, and gives it back. */
export function grown<T extends Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array>(
  old: NoInfer<T>,
  larger: T,
): T {
  larger.set(old);
  giveBack(old);
  return larger;
}

/** Memory of pieces that were made for their reader. */
const handedOver = new WeakSet<ArrayBufferLike>();

/** Marks a piece of a stream as made for its reader: whoever made it neither keeps nor reads it. */
export function handOver<Piece extends Uint8Array>(piece: Piece): Piece {
  handedOver.add(piece.buffer);
  return piece;
}

/**
 * Frees a piece that its only reader has read. One that was not handed over stays as it is, and so does a part of a
 * piece: others may read the rest.
 */
export function giveBackPiece(piece: Uint8Array): void {
  if (piece.byteLength === piece.buffer.byteLength && handedOver.has(piece.buffer)) giveBack(piece);
}
