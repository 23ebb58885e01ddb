/**
 * bzip2, undone while it streams: no more than a block (900 kB) is in memory.
 *
 * @module
 */
import { BitReader } from "./bzip2_bits.ts";
import { damagedBzip2 } from "./bzip2_failure.ts";
import { readSymbols } from "./bzip2_symbols.ts";

/** The first bytes of a block, and of the end of a stream: π and √π. */
const BLOCK_MAGIC = [0x314159, 0x265359] as const;
const END_MAGIC = [0x177245, 0x385090] as const;

/** Bytes that come out at a time. */
const CHUNK = 256 * 1024;

const CRC = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/**
 * Decompresses bzip2, all streams that follow one another, with every checksum checked.
 *
 * Throws a `Failure` of kind `data` for what is not bzip2, is damaged or cut short, and what `source` throws.
 */
export async function* decompressBzip2(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bits = new BitReader(source);
  try {
    for (let isFirst = true; isFirst || !await bits.isAtEnd(); isFirst = false) yield* decompressStream(bits);
  } finally {
    await bits.close();
  }
}

async function* decompressStream(bits: BitReader): AsyncGenerator<Uint8Array, void, undefined> {
  const [b, z, h, level] = [await bits.read(8), await bits.read(8), await bits.read(8), await bits.read(8) - 0x30];
  if (b !== 0x42 || z !== 0x5a || h !== 0x68 || level < 1 || level > 9) throw damagedBzip2();
  const block = new Uint32Array(level * 100_000);
  let streamCrc = 0;
  for (;;) {
    const magic = [await bits.read(24), await bits.read(24)];
    const crc = (await bits.read(16) << 16) | await bits.read(16);
    if (magic[0] === END_MAGIC[0] && magic[1] === END_MAGIC[1]) {
      if (crc !== streamCrc) throw damagedBzip2();
      return bits.skipToByte();
    }
    if (magic[0] !== BLOCK_MAGIC[0] || magic[1] !== BLOCK_MAGIC[1]) throw damagedBzip2();
    streamCrc = ((streamCrc << 1) | (streamCrc >>> 31)) ^ crc;
    // Randomised blocks went out of use in 1999.
    if (await bits.read(1) !== 0) throw damagedBzip2();
    const start = await bits.read(24);
    const size = await readSymbols(bits, block);
    if (start >= size) throw damagedBzip2();
    yield* decodeBlock(block, size, start, crc);
  }
}

/** Undoes the Burrows-Wheeler transform and the run lengths that came before it. */
function* decodeBlock(
  block: Uint32Array,
  size: number,
  start: number,
  expected: number,
): Generator<Uint8Array, void, undefined> {
  linkBlock(block, size);
  let output = new Uint8Array(CHUNK);
  let filled = 0;
  let crc = -1;
  let entry = block[start]!;
  let [last, run] = [-1, 0];
  for (let count = 0; count < size; count++) {
    entry = block[entry >>> 8]!;
    const byte = entry & 0xff;
    // Four equal bytes are followed by the number of further ones.
    let copies = 1;
    if (run === 4) {
      [copies, run] = [byte, 0];
    } else {
      run = byte === last ? run + 1 : 1;
      last = byte;
    }
    for (; copies > 0; copies--) {
      if (filled === CHUNK) {
        yield output;
        [output, filled] = [new Uint8Array(CHUNK), 0];
      }
      output[filled++] = last;
      crc = (crc << 8) ^ CRC[((crc >>> 24) ^ last) & 0xff]!;
    }
  }
  if (~crc !== expected) throw damagedBzip2();
  if (filled > 0) yield output.subarray(0, filled);
}

/** Puts into the upper 24 bits of each entry where the next byte is. */
function linkBlock(block: Uint32Array, size: number): void {
  const starts = new Uint32Array(257);
  for (let at = 0; at < size; at++) starts[(block[at]! & 0xff) + 1]!++;
  for (let byte = 0; byte < 256; byte++) starts[byte + 1]! += starts[byte]!;
  for (let at = 0; at < size; at++) {
    const byte = block[at]! & 0xff;
    const place = starts[byte]!++;
    block[place] = (block[place]! & 0xff) | (at << 8);
  }
}
