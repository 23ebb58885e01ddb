/**
 * A sorted run of the identity index in memory: keys and the profiles they name, side by side.
 *
 * Keys are 64 bits, unsigned; each is two words of a `Uint32Array`, the lower one first, as `BigUint64Array` has them.
 *
 * @module
 */

/** Identities in ascending order of their keys, no key twice. */
export interface IdentityRun {
  /** Two words a key: lower, upper. */
  readonly words: Uint32Array;
  /** The profile each key names. */
  readonly profiles: Float64Array;
}

/**
 * Identities in a block of the index; the bytes of one are {@linkcode packBlock}'s. A row of as many is just short of a
 * page of SQLite's (8,157 bytes of a row lie in one): a look-up reads one page instead of a chain of them. Blocks were
 * of 4,096 once, and are read all the same.
 */
export const BLOCK = 504;

/** Bytes that an identity takes. */
const ENTRY = 16;

/** The upper 53 bits of a key: a number that sorts as the keys do. */
export function prefixAt(words: Uint32Array, index: number): number {
  return words[2 * index + 1]! * 2_097_152 + (words[2 * index]! >>> 11);
}

/** Below, at or above zero as key `index` of `words` lies before, at or after key `other` of `others`. */
export function compareAt(words: Uint32Array, index: number, others: Uint32Array, other: number): number {
  return words[2 * index + 1]! - others[2 * other + 1]! || words[2 * index]! - others[2 * other]!;
}

/** Where the key in `words` stands among those of a run; undefined where it does not. */
export function placeOf({ words, profiles }: IdentityRun, key: Uint32Array): number | undefined {
  let low = 0, high = profiles.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareAt(words, middle, key, 0) < 0) low = middle + 1;
    else high = middle;
  }
  return high >= 0 && compareAt(words, low, key, 0) === 0 ? low : undefined;
}

/** Both runs as one; they have no key in common. */
export function mergeRuns(one: IdentityRun, two: IdentityRun): IdentityRun {
  const ones = one.profiles.length, twos = two.profiles.length;
  const words = new Uint32Array(2 * (ones + twos)), profiles = new Float64Array(ones + twos);
  for (let put = 0, first = 0, second = 0; put < profiles.length; put++) {
    const takesFirst = second === twos || (first < ones && compareAt(one.words, first, two.words, second) < 0);
    const from = takesFirst ? one : two, index = takesFirst ? first++ : second++;
    words[2 * put] = from.words[2 * index]!;
    words[2 * put + 1] = from.words[2 * index + 1]!;
    profiles[put] = from.profiles[index]!;
  }
  return { words, profiles };
}

/** Where the blocks of a run begin. Keys with one prefix are in one block, so a prefix tells the block of a key. */
export function blockStarts({ words, profiles }: IdentityRun): number[] {
  const starts: number[] = [];
  for (let start = 0; start < profiles.length;) {
    starts.push(start);
    start += BLOCK;
    while (start < profiles.length && prefixAt(words, start) === prefixAt(words, start - 1)) start++;
  }
  return starts;
}

/** The bytes of identities `start` to `end` of a run: all keys, then all profiles (as doubles), little-endian. */
export function packBlock(run: IdentityRun, start: number, end: number): Uint8Array {
  return packBlocks(run, [start], end)[0]!;
}

/** The same of several blocks side by side, which begin at `starts`, before `end`. They share their memory. */
export function packBlocks({ words, profiles }: IdentityRun, starts: readonly number[], end: number): Uint8Array[] {
  const [first] = starts;
  const { buffer } = new Uint8Array(ENTRY * (end - first!));
  return starts.map((start, index) => {
    const next = starts[index + 1] ?? end, count = next - start, offset = ENTRY * (start - first!);
    new Uint32Array(buffer, offset, 2 * count).set(words.subarray(2 * start, 2 * next));
    new Float64Array(buffer, offset + 8 * count, count).set(profiles.subarray(start, next));
    return new Uint8Array(buffer, offset, ENTRY * count);
  });
}

/** Frees the memory of a block that was read alone, and which nobody reads again: V8 lets many of them lie. */
export function giveBackBlock({ words, profiles }: IdentityRun): void {
  const { buffer } = words;
  const isAlone = buffer.byteLength === words.byteLength + profiles.byteLength;
  if (isAlone && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** What {@linkcode packBlock} packed. */
export function unpackBlock(block: Uint8Array): IdentityRun {
  const count = block.length / ENTRY;
  // Some drivers give bytes out of a larger buffer, wherever they happen to lie there.
  const { buffer, byteOffset } = block.byteOffset % 8 === 0 ? block : block.slice();
  return {
    words: new Uint32Array(buffer, byteOffset, 2 * count),
    profiles: new Float64Array(buffer, byteOffset + 8 * count, count),
  };
}
