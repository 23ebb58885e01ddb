/**
 * Copies and compares short stretches of bytes: what the platform has for it takes a view of each, which costs more
 * than the bytes themselves.
 *
 * @module
 */

/** Bytes past a stretch that {@linkcode copyBytes} may overwrite: whoever makes the target leaves room for them. */
export const COPY_SLACK = 4;

/** A view over the bytes that {@linkcode copyBytes} reads from, or writes to. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Copies `from[start..end)` to `to[put…]`, four bytes at a time; gives where the copy ends. Up to
 * {@linkcode COPY_SLACK} bytes behind the copy are overwritten.
 */
export function copyBytes(from: DataView, start: number, end: number, to: DataView, put: number): number {
  const after = put + end - start;
  // The last bytes of the source have nothing behind them that could be read along.
  const safe = Math.min(end, from.byteLength - 3);
  for (; start < safe; start += 4, put += 4) to.setInt32(put, from.getInt32(start, true), true);
  for (; start < end; start++, put++) to.setUint8(put, from.getUint8(start));
  return after;
}

/** Whether `size` bytes from `start` on in one view are those from `other` on in another. */
export function sameBytes(one: DataView, start: number, two: DataView, other: number, size: number): boolean {
  const end = start + size, words = end - 3;
  for (; start < words; start += 4, other += 4) if (one.getInt32(start) !== two.getInt32(other)) return false;
  for (; start < end; start++, other++) if (one.getUint8(start) !== two.getUint8(other)) return false;
  return true;
}
