/**
 * Compares a file's rows with those of the file before it.
 *
 * @module
 */
import { type FileRows, PARTITIONS, ROW_WORDS } from "./file_rows.ts";
import { KeyTable } from "./key_table.ts";
import { DIGEST_WORDS } from "./row_digests.ts";
import { readAhead } from "./read_ahead.ts";
import { textsIn } from "./row_texts.ts";
import type { Snapshot } from "./snapshot.ts";

/** What became of the rows of a file. `rows = added + changed + unchanged`. */
export interface DiffCounts {
  /** Rows of the file. */
  readonly rows: number;
  /** Rows whose key the file before has not, or has less often. */
  readonly added: number;
  /** Rows that the file before has under their key, with another value. */
  readonly changed: number;
  /** Rows that the file before has as they are. */
  readonly unchanged: number;
  /** Rows of the file before whose key this one has not. */
  readonly removed: number;
}

/** What is different in a file. */
export interface Difference extends DiffCounts {
  /** Whether a row, by its number in the file from 0 on, was added or changed. */
  isDifferent(row: number): boolean;
  /** The number of the first added or changed row that is not before `row`; undefined where none follows. */
  nextDifferent(row: number): number | undefined;
  /** The number of the last added or changed row; undefined where there is none. */
  readonly lastDifferent: number | undefined;
  /** Whether the file before, if there is one to compare with, tells which rows are gone. */
  readonly tellsRemoved: boolean;
  /**
   * The fields that are kept of each row that is gone, as a JSON object: empty for a row without a key, and for one that
   * was forgotten. Always in the same order; nothing where the snapshot does not tell.
   */
  removedRows(): AsyncGenerator<Uint8Array>;
}

/**
 * Rows match by key. Of rows that share one, the first is held against the first, the second against the second, and so
 * on: their order counts, that of others does not. Without a snapshot, or with one by other key columns, every row is
 * added. Takes the memory of two partitions of each, and a bit for each row of both.
 */
export async function compareRows(
  now: FileRows,
  before: Snapshot | undefined,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Difference> {
  const comparable = before !== undefined && isComparable(before, now.keys) ? before : undefined;
  const different = new Uint8Array(Math.ceil(now.count / 8));
  const gone = new GoneRows(comparable);
  let added = 0, changed = 0, last = -1;
  const both = async (partition: number) => {
    const rows = await now.partition(partition);
    const known = await comparable?.partition(partition, { texts: false });
    return { partition, rows, known: known?.words ?? new Uint32Array(0) };
  };
  for await (const { partition, rows, known } of readAhead(PARTITIONS, both)) {
    signal?.throwIfAborted();
    const table = new KeyTable(known, DIGEST_WORDS);
    for (let at = 0; at < rows.length; at += ROW_WORDS) {
      const match = DIGEST_WORDS * table.take(rows[at]!, rows[at + 1]!);
      if (match >= 0 && known[match + 2] === rows[at + 2] && known[match + 3] === rows[at + 3]) continue;
      if (match >= 0) changed++;
      else added++;
      const row = rows[at + DIGEST_WORDS]!;
      if (row > last) last = row;
      different[row >>> 3] = different[row >>> 3]! | 1 << (row & 7);
    }
    gone.note(partition, known, goneFrom(table, known, rows));
  }
  const isDifferent = (row: number) => (different[row >>> 3]! & 1 << (row & 7)) !== 0;
  return {
    rows: now.count,
    added,
    changed,
    unchanged: now.count - added - changed,
    removed: gone.count,
    isDifferent,
    nextDifferent(row) {
      for (; row < now.count; row++) {
        // Eight rows at a time where nothing is.
        if ((row & 7) === 0 && different[row >>> 3] === 0) row += 7;
        else if (isDifferent(row)) return row;
      }
      return undefined;
    },
    lastDifferent: last < 0 ? undefined : last,
    tellsRemoved: gone.areTold,
    removedRows: () => gone.texts(),
  };
}

/** The rows of the file before that are gone: a bit for each of its rows. */
class GoneRows {
  readonly #bits: Uint8Array;
  /** Rows before each partition that has been looked at, and those of all. */
  readonly #starts = [0];
  count = 0;

  constructor(private readonly before: Snapshot | undefined) {
    this.#bits = new Uint8Array(Math.ceil((before?.rows ?? 0) / 8));
  }

  get areTold(): boolean {
    return this.before === undefined || this.before.told.length > 0;
  }

  /** Partitions are noted in their order. */
  note(partition: number, known: Uint32Array, records: readonly number[]): void {
    const start = this.#starts[partition]!;
    this.#starts.push(start + known.length / DIGEST_WORDS);
    this.count += records.length;
    for (const record of records) {
      const row = start + record;
      this.#bits[row >>> 3] = this.#bits[row >>> 3]! | 1 << (row & 7);
    }
  }

  async *texts(): AsyncGenerator<Uint8Array> {
    if (this.before === undefined || this.before.told.length === 0) return;
    for (let partition = 0, left = this.count; left > 0; partition++) {
      const start = this.#starts[partition]!, end = this.#starts[partition + 1]!;
      if (!this.#isAny(start, end)) continue;
      let row = start;
      for (const text of textsIn((await this.before.partition(partition)).texts)) {
        if (this.#is(row++)) {
          left--;
          yield text;
        }
      }
    }
  }

  #is(row: number): boolean {
    return (this.#bits[row >>> 3]! & 1 << (row & 7)) !== 0;
  }

  #isAny(start: number, end: number): boolean {
    for (let row = start; row < end; row++) if (this.#is(row)) return true;
    return false;
  }
}

/** The records that found no match, but for those whose key another row still has. */
function goneFrom(table: KeyTable, known: Uint32Array, rows: Uint32Array): number[] {
  const left = [...table.left()];
  if (left.length === 0) return left;
  const present = new KeyTable(rows, ROW_WORDS);
  return left.filter((record) => !present.has(known[DIGEST_WORDS * record]!, known[DIGEST_WORDS * record + 1]!));
}

/** Whether rows of these keys can be told to be those of the snapshot. */
export function isComparable(snapshot: Snapshot, keys: readonly string[]): boolean {
  return JSON.stringify(snapshot.keys.toSorted()) === JSON.stringify(keys.toSorted());
}
