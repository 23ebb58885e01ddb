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

/** The bytes of a stretch, not copied. */
export function stretchOf({ buffer, byteOffset }: DataView, start: number, end: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + start, end - start);
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

/** What {@linkcode asciiIn} finds. */
export const OTHER_BYTES = -1, NO_CAPITALS = 0, SOME_CAPITALS = 1;

/** The highest bit of each byte of a word; the lowest. */
const HIGH = 0x80808080 | 0, ONES = 0x01010101;

/**
 * Whether `bytes[start..end)` is printable ASCII without backslashes, and whether there are capitals in it; four bytes
 * at a time, with the sums of "Bit Twiddling Hacks" for bytes that are less than, or just, a value.
 *
 * @see S. E. Anderson, "Bit Twiddling Hacks", "Determine if a word has a byte less than n".
 */
export function asciiIn(bytes: DataView, start: number, end: number): number {
  let at = start, other = 0, capitals = 0;
  for (const words = end - 3; at < words; at += 4) {
    const word = bytes.getInt32(at, true), rubout = word ^ 127 * ONES, backslash = word ^ 92 * ONES;
    other |= word | (word - 32 * ONES & ~word) | (rubout - ONES & ~rubout) | (backslash - ONES & ~backslash);
    capitals |= word + 63 * ONES & ~(word + 37 * ONES);
  }
  for (; at < end; at++) {
    const byte = bytes.getUint8(at);
    if (byte < 32 || byte > 126 || byte === 92) other = HIGH;
    else if (byte >= 65 && byte <= 90) capitals = HIGH;
  }
  if ((other & HIGH) !== 0) return OTHER_BYTES;
  return (capitals & HIGH) !== 0 ? SOME_CAPITALS : NO_CAPITALS;
}

/** Whether `size` bytes from `start` on in one view are those from `other` on in another. */
export function sameBytes(one: DataView, start: number, two: DataView, other: number, size: number): boolean {
  const end = start + size, words = end - 3;
  for (; start < words; start += 4, other += 4) if (one.getInt32(start) !== two.getInt32(other)) return false;
  for (; start < end; start++, other++) if (one.getUint8(start) !== two.getUint8(other)) return false;
  return true;
}

/** Where the first quotation mark or backslash of `bytes[start..end)` stands, four bytes at a time; `end` if none does. */
export function quoteOrBackslash(bytes: DataView, start: number, end: number): number {
  let at = start;
  for (const words = end - 3; at < words; at += 4) {
    const word = bytes.getInt32(at, true), quote = word ^ 34 * ONES, backslash = word ^ 92 * ONES;
    if ((((quote - ONES & ~quote) | (backslash - ONES & ~backslash)) & HIGH) !== 0) break;
  }
  for (; at < end; at++) {
    const byte = bytes.getUint8(at);
    if (byte === 34 || byte === 92) break;
  }
  return at;
}
