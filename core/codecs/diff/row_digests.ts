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
import { BYTES, COLUMN_BYTES, type Layout, loadDigests, PAGE, READ_SLACK, SUMS } from "./digest_wasm.ts";

/** Words of a row's digest: the key's hash (low, high), then the row's. */
export const DIGEST_WORDS = 4;

/** What makes digests. */
export interface DigestOptions {
  /** 16 secret bytes: whoever does not know them can neither guess values from digests nor make two rows collide. */
  readonly secret: Uint8Array;
  /** Columns that tell which row it is; none: all of them. A row without a value in any of them is its own key. */
  readonly keys: readonly string[];
}

/** Seeds of both halves of its hashes, and whether it tells which row it is. */
interface Column {
  readonly low: number;
  readonly high: number;
  readonly isKey: boolean;
}

/** Cells to be digested: their columns, the bytes, and row by row where each starts and ends in them. */
interface Cells {
  readonly rows: number;
  readonly columns: readonly Column[];
  readonly bytes: Uint8Array;
  readonly spans: Uint32Array;
}

const NO_COLUMN: Column = { low: 0, high: 0, isKey: false };

const encoder = new TextEncoder();

/** Digests batches of rows. */
export class RowDigester {
  readonly #seeds: Uint32Array;
  readonly #keys: ReadonlySet<string>;
  readonly #columns = new Map<string, Column>();
  readonly #module = loadDigests();
  /** Rows so far that have a value in a key column. */
  keyed = 0;

  /** Throws a `RangeError` for a secret of another length. */
  constructor({ secret, keys }: DigestOptions) {
    if (secret.length !== 16) throw new RangeError(`A secret has 16 bytes, not ${secret.length}`);
    // A `slice` of what `node:crypto` gives would be no copy.
    this.#seeds = new Uint32Array(Uint8Array.from(secret).buffer);
    this.#keys = new Set(keys);
  }

  /** Whether a batch had a column of this name, or a row without columns a value under it. */
  has(name: string): boolean {
    return this.#columns.has(name);
  }

  /** {@linkcode DIGEST_WORDS} words a row. A value counts by what it is in JSON; null and an empty text as no value. */
  digest({ bytes, rows, times, columns }: RecordBatch): Uint32Array {
    if (columns !== undefined) {
      const known = columns.names.map((name) => this.#column(name));
      return this.#digest({ rows: times.length, columns: known, bytes, spans: columns.spans });
    }
    const digests = new Uint32Array(DIGEST_WORDS * times.length);
    for (let row = 0; row < times.length; row++) {
      const cells = this.#parsed(bytes.subarray(rows[row], rows[row + 1]));
      digests.set(this.#digest(cells), DIGEST_WORDS * row);
    }
    return digests;
  }

  /** The cells of a row whose columns are not told. */
  #parsed(line: Uint8Array): Cells {
    const fields: { readonly [name: string]: JsonValue } = parseJson(new TextDecoder().decode(line));
    const filled = Object.entries(fields).filter(([, value]) => value !== null && value !== "");
    const columns = filled.map(([name]) => this.#column(name));
    const values = filled.map(([, value]) => encoder.encode(JSON.stringify(ordered(value))));
    const spans = new Uint32Array(2 * values.length);
    const bytes = new Uint8Array(values.reduce((size, { length }) => size + length, 0));
    let put = 0;
    for (const [index, value] of values.entries()) {
      bytes.set(value, put);
      spans[2 * index] = put;
      spans[2 * index + 1] = put += value.length;
    }
    return { rows: 1, columns, bytes, spans };
  }

  #digest(cells: Cells): Uint32Array {
    const { rows, columns } = cells;
    if (rows === 0) return new Uint32Array(0);
    // Rows without cells are as those whose one cell is empty.
    if (columns.length === 0) return this.#digest({ ...cells, columns: [NO_COLUMN], spans: new Uint32Array(2 * rows) });
    const { columns: first, spans, digests } = this.#put(cells);
    this.keyed += this.#module.digest(rows, columns.length, first, spans, digests, 1);
    return new Uint32Array(this.#module.memory.buffer, digests, DIGEST_WORDS * rows).slice();
  }

  #column(name: string): Column {
    let column = this.#columns.get(name);
    if (column === undefined) {
      const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = this.#seeds;
      const bytes = encoder.encode(name);
      const seeds = { low: s0, high: s1, isKey: false };
      const { columns, spans, digests } = this.#put({
        rows: 1,
        columns: [seeds],
        bytes,
        spans: Uint32Array.of(0, bytes.length),
      });
      this.#module.digest(1, 1, columns, spans, digests, 0);
      const [low = 0, high = 0] = new Int32Array(this.#module.memory.buffer, SUMS, 2);
      column = { low: low ^ s2, high: high ^ s3, isKey: this.#keys.has(name) };
      this.#columns.set(name, column);
    }
    return column;
  }

  /** Puts cells into the module's memory, which has room for their digests then. */
  #put({ rows, columns, bytes, spans }: Cells): Layout {
    const { memory } = this.#module, words = 2 * rows * columns.length;
    const layout = { columns: aligned(BYTES + bytes.length + READ_SLACK), spans: 0, digests: 0 };
    layout.spans = layout.columns + COLUMN_BYTES * columns.length;
    layout.digests = layout.spans + 4 * words;
    const lacking = layout.digests + 4 * DIGEST_WORDS * rows - memory.buffer.byteLength;
    if (lacking > 0) memory.grow(Math.ceil(lacking / PAGE));
    const { buffer } = memory;
    new Uint8Array(buffer, BYTES).set(bytes);
    const known = columns.flatMap(({ low, high, isKey }) => [low, high, isKey ? -1 : 0]);
    new Int32Array(buffer, layout.columns).set(known);
    new Uint32Array(buffer, layout.spans).set(spans.subarray(0, words));
    return layout;
  }
}

/** The next multiple of four. */
function aligned(size: number): number {
  return size + 3 & ~3;
}

/** The value with the keys of its objects in order, so that equal values have equal texts. */
function ordered(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(ordered);
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([name, member]) => [name, ordered(member)]));
}
