/**
 * Words of 32 bits in bytes, the least significant byte first, whatever the machine.
 *
 * @module
 */

/** Bytes as words. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(bytes.length / 4);
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

/** Words as bytes. */
export function bytesOf(words: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(4 * words.length);
  for (let word = 0; word < words.length; word++) putWord(bytes, 4 * word, words[word]!);
  return bytes;
}
