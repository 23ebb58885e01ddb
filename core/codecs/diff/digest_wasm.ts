/**
 * Digests of rows as WebAssembly: half the time of the same in JavaScript, where each cell costs a call and its bounds.
 *
 * The module is put together here, opcode by opcode, so that its source is what runs.
 *
 * @see WebAssembly Core Specification 1.0, chapter 5, "Binary Format".
 *
 * @module
 */

/** Where the sums of the last row's cells are put (low, high), and where the bytes of a batch begin. */
export const SUMS = 0, BYTES = 8;

/** Bytes that the memory has at first, and by which it grows. */
export const PAGE = 65_536;

/** Bytes past a cell's end that are read along. */
export const READ_SLACK = 4;

/** Bytes of a column: both seeds, then all ones for one that tells which row it is, and 0 for another. */
export const COLUMN_BYTES = 12;

/** Where a batch lies in the memory, in bytes, each at a multiple of four. */
export interface Layout {
  readonly columns: number;
  /** Row by row for each column where its value starts and ends, counted from {@linkcode BYTES}. */
  readonly spans: number;
  /** Takes four words a row. */
  readonly digests: number;
}

/** What the module gives. */
export interface DigestModule {
  readonly memory: WebAssembly.Memory;
  /**
   * Digests `rows` rows of `width` columns, one at least of each; gives how many have a value in a key column. With
   * `leaves` 1, values that are none (`""`, `null`, nothing) are left out.
   */
  digest(rows: number, width: number, columns: number, spans: number, digests: number, leaves: number): number;
}

const I32 = 0x7f, FUNCTION = 0x60, NOTHING = 0x40;
const BLOCK = 0x02, LOOP = 0x03, IF = 0x04, ELSE = 0x05, END = 0x0b, BR = 0x0c, BR_IF = 0x0d;
const GET = 0x20, SET = 0x21, TEE = 0x22;
const LOAD = 0x28, LOAD_BYTE = 0x2d, STORE = 0x36, CONST = 0x41;
const EQZ = 0x45, EQ = 0x46, LE_U = 0x4d, GE_U = 0x4f;
const ADD = 0x6a, SUB = 0x6b, MUL = 0x6c, AND = 0x71, OR = 0x72, XOR = 0x73, SHL = 0x74, SHR_U = 0x76, ROTL = 0x77;

/** The parameters, then the variables. */
const ROWS = 0, WIDTH = 1, COLUMNS = 2, SPANS = 3, OUT = 4, LEAVES = 5;
const COLUMN = 6, LEFT = 7, START = 8, STOP = 9, LENGTH = 10, LOW = 11, HIGH = 12, AT = 13, WHOLE = 14, WORD = 15;
const KEY_LOW = 16, KEY_HIGH = 17, ALL_LOW = 18, ALL_HIGH = 19, HAS_KEY = 20, KEYED = 21, HASH = 22;
const VARIABLES = HASH - LEAVES;

const QUOTE = 0x22, N = 0x6e;

/** A number without a sign, seven bits a byte. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [value & 127 | 128, ...unsigned(value >>> 7)];
}

/** A number of 32 bits with a sign. */
function signed(value: number): number[] {
  const rest = value >> 7, isLast = (rest === 0 && (value & 64) === 0) || (rest === -1 && (value & 64) !== 0);
  return isLast ? [value & 127] : [value & 127 | 128, ...signed(rest)];
}

const get = (variable: number) => [GET, variable];
const set = (variable: number, value: readonly number[]) => [...value, SET, variable];
const number = (value: number) => [CONST, ...signed(value | 0)];
const of = (operation: number, one: readonly number[], two: readonly number[]) => [...one, ...two, operation];
const sum = (one: readonly number[], two: readonly number[]) => of(ADD, one, two);
const xor = (one: readonly number[], two: readonly number[]) => of(XOR, one, two);
const times = (one: readonly number[], factor: number) => of(MUL, one, number(factor));
const rotated = (one: readonly number[], bits: number) => of(ROTL, one, number(bits));
/** A word; its alignment is told as a byte's, as cells lie anywhere. */
const word = (address: readonly number[], offset = 0) => [...address, LOAD, 0, offset];
const byte = (address: readonly number[]) => [...address, LOAD_BYTE, 0, BYTES];
const store = (address: readonly number[], offset: number, value: readonly number[]) => [
  ...[...address, ...value, STORE, 0, offset],
];
const when = (condition: readonly number[], then: readonly number[], otherwise: readonly number[] = []) => [
  ...[...condition, IF, NOTHING, ...then, ...otherwise.length > 0 ? [ELSE, ...otherwise] : [], END],
];
const raise = (variable: number, by: readonly number[]) => set(variable, sum(get(variable), by));

/** Spreads what two words say over one (MurmurHash3's finalisation); leaves it on the stack. */
const finished = (one: readonly number[], other: readonly number[]) => [
  ...set(HASH, xor(one, times(other, 0x85ebca6b))),
  ...set(HASH, times(xor(get(HASH), of(SHR_U, get(HASH), number(16))), 0x85ebca6b)),
  ...set(HASH, times(xor(get(HASH), of(SHR_U, get(HASH), number(13))), 0xc2b2ae35)),
  ...xor(get(HASH), of(SHR_U, get(HASH), number(16))),
];

/** One step of MurmurHash3 with constants of its own. */
const mixed = (hash: number, [first, turn, second, turned, added]: readonly [number, number, number, number, number]) =>
  set(
    hash,
    sum(
      times(rotated(xor(get(hash), times(rotated(times(get(WORD), first), turn), second)), turned), 5),
      number(added),
    ),
  );

const startsWith = (character: number) => of(EQ, byte(get(START)), number(character));

/** Leaves the block of the cell where its value is none, which `isEmpty` of `row_texts.ts` tells elsewhere. */
const LEAVE_EMPTY = when(of(AND, get(LEAVES), of(LE_U, get(LENGTH), number(4))), [
  ...when(
    of(LE_U, get(LENGTH), number(2)),
    [...get(LENGTH), EQZ, BR_IF, 2, ...of(OR, startsWith(QUOTE), startsWith(N)), BR_IF, 2],
    [...of(AND, of(EQ, get(LENGTH), number(4)), startsWith(N)), BR_IF, 2],
  ),
]);

const CELL = [
  ...set(START, word(get(SPANS))),
  ...set(STOP, word(get(SPANS), 4)),
  ...raise(SPANS, number(8)),
  ...set(LENGTH, of(SUB, get(STOP), get(START))),
  ...[BLOCK, NOTHING],
  ...LEAVE_EMPTY,
  ...set(LOW, word(get(COLUMN))),
  ...set(HIGH, word(get(COLUMN), 4)),
  ...set(WHOLE, of(SUB, get(STOP), of(AND, get(LENGTH), number(3)))),
  ...set(AT, get(START)),
  ...[BLOCK, NOTHING, LOOP, NOTHING],
  ...[...of(GE_U, get(AT), get(WHOLE)), BR_IF, 1],
  ...set(WORD, word(get(AT), BYTES)),
  ...mixed(LOW, [0xcc9e2d51, 15, 0x1b873593, 13, 0xe6546b64]),
  ...mixed(HIGH, [0x239b961b, 16, 0xab0e9789, 17, 0x561ccd1b]),
  ...[...raise(AT, number(4)), BR, 0, END, END],
  // The rest of the bytes, up to three; what is read behind them goes.
  ...set(
    WORD,
    of(
      AND,
      word(get(WHOLE), BYTES),
      of(SUB, of(SHL, number(1), of(SHL, of(AND, get(LENGTH), number(3)), number(3))), number(1)),
    ),
  ),
  ...set(LOW, finished(xor(get(LOW), times(get(WORD), 0xcc9e2d51)), get(LENGTH))),
  ...set(HIGH, finished(xor(get(HIGH), times(get(WORD), 0x38b34ae5)), xor(get(LENGTH), number(0x9e3779b9)))),
  ...[...raise(ALL_LOW, get(LOW)), ...raise(ALL_HIGH, get(HIGH))],
  ...set(WORD, word(get(COLUMN), 8)),
  ...raise(KEY_LOW, of(AND, get(LOW), get(WORD))),
  ...raise(KEY_HIGH, of(AND, get(HIGH), get(WORD))),
  ...set(HAS_KEY, of(OR, get(HAS_KEY), get(WORD))),
  END,
];

const ROW = [
  ...[KEY_LOW, KEY_HIGH, ALL_LOW, ALL_HIGH, HAS_KEY].flatMap((variable) => set(variable, number(0))),
  ...[...set(COLUMN, get(COLUMNS)), ...set(LEFT, get(WIDTH))],
  ...[LOOP, NOTHING, ...CELL, ...raise(COLUMN, number(COLUMN_BYTES))],
  ...[...of(SUB, get(LEFT), number(1)), TEE, LEFT, BR_IF, 0, END],
  // Without a key, the whole row is it.
  ...when([...get(HAS_KEY), EQZ], [...set(KEY_LOW, get(ALL_LOW)), ...set(KEY_HIGH, get(ALL_HIGH))]),
  ...store(get(OUT), 0, finished(get(KEY_LOW), get(KEY_HIGH))),
  ...store(get(OUT), 4, finished(get(KEY_HIGH), xor(get(KEY_LOW), number(0x5bd1e995)))),
  ...store(get(OUT), 8, finished(get(ALL_LOW), get(ALL_HIGH))),
  ...store(get(OUT), 12, finished(get(ALL_HIGH), xor(get(ALL_LOW), number(0x5bd1e995)))),
  ...[...raise(OUT, number(16)), ...set(KEYED, of(SUB, get(KEYED), get(HAS_KEY)))],
];

const DIGEST = [
  ...[LOOP, NOTHING, ...ROW, ...of(SUB, get(ROWS), number(1)), TEE, ROWS, BR_IF, 0, END],
  ...[...store(number(0), SUMS, get(ALL_LOW)), ...store(number(0), SUMS + 4, get(ALL_HIGH)), ...get(KEYED), END],
];

const sized = (content: readonly number[]) => [...unsigned(content.length), ...content];
const named = (name: string) => sized([...new TextEncoder().encode(name)]);

const MODULE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, ...sized([1, FUNCTION, 6, I32, I32, I32, I32, I32, I32, 1, I32])],
  ...[3, ...sized([1, 0])],
  ...[5, ...sized([1, 0, 1])],
  ...[7, ...sized([2, ...named("memory"), 2, 0, ...named("digest"), 0, 0])],
  ...[10, ...sized([1, ...sized([1, VARIABLES, I32, ...DIGEST])])],
]);

/** Loads the module: its memory, which can grow, is a page. */
export function loadDigests(): DigestModule {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(MODULE));
  return exports as unknown as DigestModule;
}
