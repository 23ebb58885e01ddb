/**
 * SipHash-2-4 with a 64-bit result, as two 32-bit halves.
 *
 * @see J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF" (2012), whose test vectors the tests use.
 *
 * @module
 */
import { loadSipHash, MESSAGE, PAGE, RESULT, STATE } from "./siphash_wasm.ts";

/** What the paper calls "somepseudorandomlygeneratedbytes": the lower and upper half of each word of the state. */
const INITIAL = [0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462];

const { memory, hash } = loadSipHash();
let bytesIn = new Uint8Array(memory.buffer), words = new Int32Array(memory.buffer);
/** Whose state is in the memory. */
let present: SipHash | undefined;

/** Hashes byte ranges under one 128-bit key; the result of the last call stands in `high` and `low`. */
export class SipHash {
  /** Upper 32 bits, signed. */
  high = 0;
  /** Lower 32 bits, signed. */
  low = 0;
  /** The state before the message. */
  readonly #state: Int32Array;

  /** `key` is 16 bytes. */
  constructor(key: Uint8Array) {
    if (key.length !== 16) throw new RangeError(`A SipHash key has 16 bytes, not ${key.length}`);
    const view = new DataView(key.buffer, key.byteOffset, 16);
    this.#state = Int32Array.from(INITIAL, (half, index) => half ^ view.getInt32(4 * (index % 4), true));
  }

  /** Hashes `bytes[start..end)`. */
  hash(bytes: DataView, start: number, end: number): void {
    const length = end - start, last = MESSAGE + (length & ~7);
    if (last + 8 > bytesIn.length) makeRoom(last + 8);
    if (present !== this) words.set(this.#state, STATE / 4);
    present = this;
    // The last word is filled up with zeros; its last byte is the length.
    words[last / 4] = 0;
    words[last / 4 + 1] = length << 24;
    const wordsEnd = start + (length & ~3);
    let from = start;
    for (let put = MESSAGE / 4; from < wordsEnd; from += 4, put++) words[put] = bytes.getInt32(from, true);
    for (let put = MESSAGE + (length & ~3); from < end; from++, put++) bytesIn[put] = bytes.getUint8(from);
    hash(last + 8);
    this.low = words[RESULT / 4]!;
    this.high = words[RESULT / 4 + 1]!;
  }
}

function makeRoom(size: number): void {
  memory.grow(Math.ceil((size - bytesIn.length) / PAGE));
  bytesIn = new Uint8Array(memory.buffer);
  words = new Int32Array(memory.buffer);
}
