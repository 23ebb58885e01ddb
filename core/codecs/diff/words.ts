/**
 * Words of 32 bits in bytes, the least significant byte first, whatever the machine.
 *
 * @module
 */

/** Whether this machine has words in that order itself: then they need no copy. */
const IS_OURS = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Bytes as words; both may be the same memory. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  if (IS_OURS && bytes.byteOffset % 4 === 0) {
    return new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4));
  }
  const words = new Uint32Array(Math.floor(bytes.length / 4));
  for (let word = 0, at = 0; word < words.length; word++, at += 4) words[word] = wordAt(bytes, at);
  return words;
}

/** The word at an offset. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24) >>> 0;
}

/** Writes a word at an offset. */
export function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
}

/** Words as bytes; both may be the same memory. */
export function bytesOf(words: Uint32Array): Uint8Array {
  if (IS_OURS) return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const bytes = new Uint8Array(4 * words.length);
  for (let word = 0; word < words.length; word++) putWord(bytes, 4 * word, words[word]!);
  return bytes;
}
