/**
 * The entropy coding of a bzip2 block: Huffman codes, moves to the front, run lengths.
 *
 * @module
 */
import type { BitReader } from "./bzip2_bits.ts";
import { damagedBzip2 } from "./bzip2_failure.ts";

/** Symbols that one table codes before the next is chosen. */
const GROUP = 50;

const MAX_CODE = 20;

/** Bytes that a group takes at the most. */
const GROUP_BYTES = Math.ceil(GROUP * MAX_CODE / 8) + 1;

/** Bits of the codes that a table gives at once; longer ones are rare. */
const FAST = 10;

/** A Huffman code: a table for short codes; by length, the lowest code, one past the highest, and where its symbols start. */
interface Code {
  /** For the next bits: the symbol times 32, plus the bits of its code; 0 for a longer one. */
  readonly fast: Uint16Array;
  readonly first: Int32Array;
  readonly limit: Int32Array;
  readonly start: Int32Array;
  readonly symbols: Uint16Array;
}

/** Reads the symbols of a block into the lower bytes of `block`; gives their number. */
export async function readSymbols(bits: BitReader, block: Uint32Array): Promise<number> {
  const front = await readAlphabet(bits);
  const end = front.length + 1;
  const tables = await bits.read(3);
  const selectors = await readSelectors(bits, tables, await bits.read(15));
  const codes: Code[] = [];
  for (let table = 0; table < tables; table++) codes.push(await readCode(bits, front.length + 2));
  let [size, run, weight] = [0, 0, 1];
  for (const selector of selectors) {
    // The end of a block may be nearer than a whole group is long.
    if (bits.ready < GROUP_BYTES) await bits.more(GROUP_BYTES);
    const code = codes[selector]!;
    for (let count = 0; count < GROUP; count++) {
      const symbol = takeSymbol(bits, code);
      if (symbol < 2) {
        // The digits 1 and 2 of a number to the base of two, the lowest first: how often the first byte is repeated.
        run += weight << symbol;
        weight <<= 1;
        if (run > block.length - size) throw damagedBzip2();
        continue;
      }
      if (run > 0) {
        block.fill(front[0]!, size, size + run);
        size += run;
      }
      [run, weight] = [0, 1];
      if (symbol === end) return size;
      if (size === block.length) throw damagedBzip2();
      const byte = front[symbol - 1]!;
      for (let place = symbol - 1; place > 0; place--) front[place] = front[place - 1]!;
      front[0] = byte;
      block[size++] = byte;
    }
  }
  throw damagedBzip2();
}

/** The bytes that the block holds, in order. */
async function readAlphabet(bits: BitReader): Promise<Uint8Array> {
  const groups = await bits.read(16);
  const bytes: number[] = [];
  for (let group = 0; group < 16; group++) {
    if ((groups & (0x8000 >> group)) === 0) continue;
    const used = await bits.read(16);
    for (let byte = 0; byte < 16; byte++) if ((used & (0x8000 >> byte)) !== 0) bytes.push(group * 16 + byte);
  }
  if (bytes.length === 0) throw damagedBzip2();
  return Uint8Array.from(bytes);
}

/** Which table codes which group. */
async function readSelectors(bits: BitReader, tables: number, count: number): Promise<Uint8Array> {
  if (tables < 2 || tables > 6 || count === 0) throw damagedBzip2();
  const front = Uint8Array.from({ length: tables }, (_, table) => table);
  const selectors = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    let place = 0;
    while ((bits.ready > 0 ? bits.take(1) : await bits.bit()) === 1) if (++place >= tables) throw damagedBzip2();
    const table = front[place]!;
    front.copyWithin(1, 0, place);
    front[0] = table;
    selectors[index] = table;
  }
  return selectors;
}

/** A table: the lengths of its codes, each told by its difference to that before. */
async function readCode(bits: BitReader, symbols: number): Promise<Code> {
  const lengths = new Uint8Array(symbols);
  let length = await bits.read(5);
  for (let symbol = 0; symbol < symbols; symbol++) {
    while (await bits.bit() === 1) {
      length += await bits.bit() === 0 ? 1 : -1;
      if (length < 1 || length > MAX_CODE) throw damagedBzip2();
    }
    if (length < 1 || length > MAX_CODE) throw damagedBzip2();
    lengths[symbol] = length;
  }
  return codeOf(lengths);
}

function codeOf(lengths: Uint8Array): Code {
  const first = new Int32Array(MAX_CODE + 1);
  const limit = new Int32Array(MAX_CODE + 1);
  const start = new Int32Array(MAX_CODE + 1);
  const symbols = new Uint16Array(lengths.length);
  let [code, placed] = [0, 0];
  for (let length = 1; length <= MAX_CODE; length++) {
    first[length] = code;
    start[length] = placed;
    for (let symbol = 0; symbol < lengths.length; symbol++) if (lengths[symbol] === length) symbols[placed++] = symbol;
    code += placed - start[length]!;
    limit[length] = code;
    code <<= 1;
  }
  return { fast: fastTable(lengths, symbols), first, limit, start, symbols };
}

/** Every number of {@linkcode FAST} bits that starts with a short code. */
function fastTable(lengths: Uint8Array, symbols: Uint16Array): Uint16Array {
  const table = new Uint16Array(1 << FAST);
  let at = 0;
  for (const symbol of symbols) {
    const length = lengths[symbol]!;
    if (length > FAST) break;
    const end = Math.min(table.length, at + (1 << (FAST - length)));
    table.fill((symbol << 5) | length, at, end);
    at = end;
  }
  return table;
}

function takeSymbol(bits: BitReader, { fast, first, limit, start, symbols }: Code): number {
  const entry = fast[bits.peek(FAST)]!;
  if (entry !== 0) {
    bits.skip(entry & 31);
    return entry >> 5;
  }
  let code = 0;
  for (let length = 1; length <= MAX_CODE; length++) {
    code = (code << 1) | bits.take(1);
    if (code < limit[length]!) {
      const symbol = symbols[start[length]! + code - first[length]!];
      if (symbol === undefined) break;
      return symbol;
    }
  }
  throw damagedBzip2();
}
