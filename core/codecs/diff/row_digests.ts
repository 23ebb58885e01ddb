/**
 * Digests of rows: two 64-bit hashes each, one of the cells that tell which row it is and one of all its cells.
 *
 * A cell's hash depends on its column's name, not on the column's place, and a row's is the sum of its cells': the order
 * of columns makes no difference, and neither does a column without values.
 *
 * @module
 */
import { parseJson } from "../../contracts/json.ts";
import type { JsonValue, RecordBatch } from "../../contracts/records.ts";
import { isEmpty } from "./row_texts.ts";

/** Words of a row's digest: the key's hash (low, high), then the row's. */
export const DIGEST_WORDS = 4;

/** What makes digests. */
export interface DigestOptions {
  /** 16 secret bytes: whoever does not know them can neither guess values from digests nor make two rows collide. */
  readonly secret: Uint8Array;
  /** Columns that tell which row it is; none: all of them. A row without a value in any of them is its own key. */
  readonly keys: readonly string[];
}

interface Column {
  /** Seeds of both halves. */
  readonly low: number;
  readonly high: number;
  readonly isKey: boolean;
}

const encoder = new TextEncoder();

/** Digests batches of rows. */
export class RowDigester {
  readonly #seeds: Uint32Array;
  readonly #keys: ReadonlySet<string>;
  readonly #columns = new Map<string, Column>();
  #low = 0;
  #high = 0;
  /** Rows so far that have a value in a key column. */
  keyed = 0;

  /** Throws a `RangeError` for a secret of another length. */
  constructor({ secret, keys }: DigestOptions) {
    if (secret.length !== 16) throw new RangeError(`A secret has 16 bytes, not ${secret.length}`);
    this.#seeds = new Uint32Array(secret.slice().buffer);
    this.#keys = new Set(keys);
  }

  /** Whether a batch had a column of this name, or a row without columns a value under it. */
  has(name: string): boolean {
    return this.#columns.has(name);
  }

  /** {@linkcode DIGEST_WORDS} words a row. A value counts by what it is in JSON; null and an empty text as no value. */
  digest(batch: RecordBatch): Uint32Array {
    const rows = batch.times.length;
    const digests = new Uint32Array(DIGEST_WORDS * rows);
    const sums = new Int32Array(DIGEST_WORDS);
    const { columns } = batch;
    const view = viewOf(batch.bytes);
    const known = columns?.names.map((name) => this.#column(name)) ?? [];
    for (let row = 0; row < rows; row++) {
      sums.fill(0);
      const hasKey = columns === undefined
        ? this.#addParsed(batch.bytes.subarray(batch.rows[row], batch.rows[row + 1]), sums)
        : this.#addCells(batch.bytes, view, columns.spans, row * known.length, known, sums);
      if (hasKey) this.keyed++;
      const at = DIGEST_WORDS * row;
      const key = hasKey ? 0 : 2;
      digests[at] = finish(sums[key]!, sums[key + 1]!);
      digests[at + 1] = finish(sums[key + 1]!, sums[key]! ^ 0x5bd1e995);
      digests[at + 2] = finish(sums[2]!, sums[3]!);
      digests[at + 3] = finish(sums[3]!, sums[2]! ^ 0x5bd1e995);
    }
    return digests;
  }

  #addCells(
    bytes: Uint8Array,
    view: DataView,
    spans: Uint32Array,
    first: number,
    columns: readonly Column[],
    sums: Int32Array,
  ): boolean {
    let hasKey = false;
    for (let column = 0; column < columns.length; column++) {
      const at = 2 * (first + column);
      const start = spans[at]!, end = spans[at + 1]!;
      if (isEmpty(bytes, start, end)) continue;
      const known = columns[column]!;
      this.#hash(known, view, start, end);
      hasKey = this.#add(known, sums) || hasKey;
    }
    return hasKey;
  }

  #addParsed(line: Uint8Array, sums: Int32Array): boolean {
    let hasKey = false;
    const fields: { readonly [name: string]: JsonValue } = parseJson(new TextDecoder().decode(line));
    for (const [name, value] of Object.entries(fields)) {
      if (value === null || value === "") continue;
      const bytes = encoder.encode(JSON.stringify(ordered(value)));
      const column = this.#column(name);
      this.#hash(column, viewOf(bytes), 0, bytes.length);
      hasKey = this.#add(column, sums) || hasKey;
    }
    return hasKey;
  }

  /** Adds the cell that was hashed last; tells whether it belongs to the key. */
  #add({ isKey }: Column, sums: Int32Array): boolean {
    if (isKey) {
      sums[0] = sums[0]! + this.#low | 0;
      sums[1] = sums[1]! + this.#high | 0;
    }
    sums[2] = sums[2]! + this.#low | 0;
    sums[3] = sums[3]! + this.#high | 0;
    return isKey;
  }

  #column(name: string): Column {
    let column = this.#columns.get(name);
    if (column === undefined) {
      const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = this.#seeds;
      const bytes = encoder.encode(name);
      this.#hash({ low: s0, high: s1, isKey: false }, viewOf(bytes), 0, bytes.length);
      column = { low: this.#low ^ s2, high: this.#high ^ s3, isKey: this.#keys.has(name) };
      this.#columns.set(name, column);
    }
    return column;
  }

  /** Two 32-bit hashes of the bytes from `start` to `end`, each MurmurHash3's with a seed and constants of its own. */
  #hash({ low, high }: Column, view: DataView, start: number, end: number): void {
    const length = end - start, rest = length & 3, whole = end - rest;
    for (let at = start; at < whole; at += 4) {
      const word = view.getInt32(at, true);
      let first = Math.imul(word, 0xcc9e2d51);
      first = Math.imul(first << 15 | first >>> 17, 0x1b873593);
      low ^= first;
      low = Math.imul(low << 13 | low >>> 19, 5) + 0xe6546b64 | 0;
      let second = Math.imul(word, 0x239b961b);
      second = Math.imul(second << 16 | second >>> 16, 0xab0e9789);
      high ^= second;
      high = Math.imul(high << 17 | high >>> 15, 5) + 0x561ccd1b | 0;
    }
    let tail = 0;
    // The last bytes are the upper ones of the word that ends with them.
    if (length >= 4 && rest > 0) tail = view.getInt32(end - 4, true) >>> 32 - 8 * rest;
    else for (let at = whole, shift = 0; at < end; at++, shift += 8) tail |= view.getUint8(at) << shift;
    this.#low = finish(low ^ Math.imul(tail, 0xcc9e2d51), length) | 0;
    this.#high = finish(high ^ Math.imul(tail, 0x38b34ae5), length ^ 0x9e3779b9) | 0;
  }
}

/** Bytes, to be read four at a time. */
function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Spreads what two words say over one (MurmurHash3's finalisation). */
function finish(word: number, other: number): number {
  let hash = word ^ Math.imul(other, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}

/** The value with the keys of its objects in order, so that equal values have equal texts. */
function ordered(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(ordered);
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([name, member]) => [name, ordered(member)]));
}
