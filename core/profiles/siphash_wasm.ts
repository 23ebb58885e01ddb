/**
 * SipHash-2-4 over whole words as WebAssembly, which has the 64-bit numbers that JavaScript lacks: a fifth of the time.
 *
 * The module is put together here, opcode by opcode, so that its source is what runs.
 *
 * @see WebAssembly Core Specification 1.0, chapter 5, "Binary Format".
 *
 * @module
 */

/** Where the four words of the state before the message lie, where the hash is put, and where the message begins. */
export const STATE = 0, RESULT = 32, MESSAGE = 40;

/** Bytes that the memory has at first. */
export const PAGE = 65_536;

/** What the module gives. */
export interface SipHashModule {
  readonly memory: WebAssembly.Memory;
  /** Hashes the words from {@linkcode MESSAGE} to `end`, one at least. */
  hash(end: number): void;
}

const I32 = 0x7f, I64 = 0x7e, FUNCTION = 0x60, NOTHING = 0x40;
const LOOP = 0x03, END = 0x0b, BR_IF = 0x0d, LOCAL_GET = 0x20, LOCAL_SET = 0x21, LOCAL_TEE = 0x22;
const I64_LOAD = 0x29, I64_STORE = 0x37, I32_CONST = 0x41, I64_CONST = 0x42;
const I32_LT_U = 0x49, I32_ADD = 0x6a, I64_ADD = 0x7c, I64_XOR = 0x85, I64_ROTL = 0x89;
/** Words lie at multiples of eight. */
const ALIGNED = 3;

/** The parameter, and the variables after it: the state, the word that is taken in, and where it lies. */
const STOP = 0, V0 = 1, V1 = 2, V2 = 3, V3 = 4, WORD = 5, AT = 6;

const add = (to: number, by: number) => [LOCAL_GET, to, LOCAL_GET, by, I64_ADD, LOCAL_SET, to];
const xor = (to: number, by: number) => [LOCAL_GET, to, LOCAL_GET, by, I64_XOR, LOCAL_SET, to];
/** `bits` is below 64, as all of them are that the hash has: one byte. */
const rotate = (to: number, bits: number) => [LOCAL_GET, to, I64_CONST, bits, I64_ROTL, LOCAL_SET, to];
const mix = (a: number, b: number, bits: number) => [...add(a, b), ...rotate(b, bits), ...xor(b, a)];

const ROUND = [
  ...[...mix(V0, V1, 13), ...rotate(V0, 32), ...mix(V2, V3, 16)],
  ...[...mix(V0, V3, 21), ...mix(V2, V1, 17), ...rotate(V2, 32)],
];

const HASH = [
  ...[V0, V1, V2, V3].flatMap((word, place) => [I32_CONST, 0, I64_LOAD, ALIGNED, STATE + 8 * place, LOCAL_SET, word]),
  ...[I32_CONST, MESSAGE, LOCAL_SET, AT],
  ...[LOOP, NOTHING],
  ...[LOCAL_GET, AT, I64_LOAD, ALIGNED, 0, LOCAL_SET, WORD],
  ...[...xor(V3, WORD), ...ROUND, ...ROUND, ...xor(V0, WORD)],
  ...[LOCAL_GET, AT, I32_CONST, 8, I32_ADD, LOCAL_TEE, AT, LOCAL_GET, STOP, I32_LT_U, BR_IF, 0],
  END,
  // 255 takes two bytes, as numbers are signed.
  ...[LOCAL_GET, V2, I64_CONST, 0xff, 0x01, I64_XOR, LOCAL_SET, V2],
  ...[...ROUND, ...ROUND, ...ROUND, ...ROUND, ...xor(V0, V1), ...xor(V0, V2), ...xor(V0, V3)],
  ...[I32_CONST, 0, LOCAL_GET, V0, I64_STORE, ALIGNED, RESULT],
  END,
];

/** A number without a sign, seven bits a byte. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [value & 127 | 128, ...unsigned(value >>> 7)];
}

const sized = (content: readonly number[]) => [...unsigned(content.length), ...content];
const named = (name: string) => sized([...new TextEncoder().encode(name)]);

const MODULE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, ...sized([1, FUNCTION, 1, I32, 0])],
  ...[3, ...sized([1, 0])],
  ...[5, ...sized([1, 0, 1])],
  ...[7, ...sized([2, ...named("memory"), 2, 0, ...named("hash"), 0, 0])],
  ...[10, ...sized([1, ...sized([2, 5, I64, 1, I32, ...HASH])])],
]);

/** Loads the module: its memory, which can grow, is a page. */
export function loadSipHash(): SipHashModule {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(MODULE));
  return exports as unknown as SipHashModule;
}
