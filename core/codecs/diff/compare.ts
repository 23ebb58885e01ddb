/**
 * Compares a file's rows with those of the file before it.
 *
 * @module
 */
import type { DifferentRows } from "../../contracts/snapshot.ts";
import { type FoundRows, type GoneRows, setBit } from "./difference.ts";
import { type FileRows, PARTITIONS, ROW_WORDS } from "./file_rows.ts";
import { KeyTable } from "./key_table.ts";
import { DIGEST_WORDS } from "./row_digests.ts";
import { readAhead } from "./read_ahead.ts";
import { digestsOf, type Snapshot, snapshotHeader } from "./snapshot.ts";
import { bytesOf } from "./words.ts";

/** What else a comparison goes by. */
export interface CompareRows {
  readonly signal?: AbortSignal;
  /** A field that the file should not have. */
  readonly marker?: string | undefined;
  /** Gives the rows that are added or changed, which are so many, where they were kept. */
  readonly kept?: (different: number) => readonly DifferentRows[] | undefined;
}

/**
 * Rows match by key. Of rows that share one, the first is held against the first, the second against the second, and so
 * on: their order counts, that of others does not. Without a snapshot, or with one by other key columns, every row is
 * added. Takes the memory of two partitions of each, and a bit for each row of both.
 */
export async function compareRows(
  now: FileRows,
  before: Snapshot | undefined,
  options: CompareRows = {},
): Promise<FoundRows> {
  const partitions = comparePartitions(now, before, options);
  for (;;) {
    const { value, done } = await partitions.next();
    if (done === true) return value;
  }
}

/** The same, with the bytes of the file's snapshot on the way: all of its rows are read only once for both. */
export async function* compareToSnapshot(
  now: FileRows,
  before: Snapshot | undefined,
  options: CompareRows,
): AsyncGenerator<Uint8Array, FoundRows> {
  yield snapshotHeader(now);
  const partitions = comparePartitions(now, before, options);
  for (let partition = 0;; partition++) {
    const { value, done } = await partitions.next();
    if (done === true) return value;
    yield bytesOf(digestsOf(value));
    yield await now.texts(partition);
  }
}

/** Compares partition after partition, and gives the rows of each. */
async function* comparePartitions(
  now: FileRows,
  before: Snapshot | undefined,
  { signal, marker, kept }: CompareRows,
): AsyncGenerator<Uint32Array, FoundRows> {
  const comparable = comparableWith(before, now.keys);
  const bits = new Uint8Array(Math.ceil(now.count / 8));
  const gone = { bits: new Uint8Array(Math.ceil((comparable?.rows ?? 0) / 8)), starts: [0] };
  let added = 0, changed = 0, removed = 0, last = -1;
  const both = async (partition: number) => {
    const rows = await now.partition(partition);
    const known = await comparable?.partition(partition, { texts: false });
    return { rows, known: known?.words ?? new Uint32Array(0) };
  };
  for await (const { rows, known } of readAhead(PARTITIONS, both)) {
    signal?.throwIfAborted();
    const table = new KeyTable(known, DIGEST_WORDS);
    for (let at = 0; at < rows.length; at += ROW_WORDS) {
      const match = DIGEST_WORDS * table.take(rows[at]!, rows[at + 1]!);
      if (match >= 0 && known[match + 2] === rows[at + 2] && known[match + 3] === rows[at + 3]) continue;
      if (match >= 0) changed++;
      else added++;
      const row = rows[at + DIGEST_WORDS]!;
      if (row > last) last = row;
      setBit(bits, row);
    }
    removed += noteGone(gone, known, goneFrom(table, known, rows));
    yield rows;
  }
  return {
    before: before?.rows,
    rows: now.count,
    added,
    changed,
    unchanged: now.count - added - changed,
    removed,
    keyed: now.keyed,
    hasMarker: marker !== undefined && now.has(marker),
    different: kept?.(added + changed),
    lastDifferent: last < 0 ? undefined : last,
    bits,
    gone: comparable === undefined ? undefined : gone,
  };
}

/** Notes the records of the next partition that are gone; gives their number. */
function noteGone(
  { bits, starts }: GoneRows & { readonly starts: number[] },
  known: Uint32Array,
  records: readonly number[],
): number {
  const start = starts.at(-1)!;
  starts.push(start + known.length / DIGEST_WORDS);
  for (const record of records) setBit(bits, start + record);
  return records.length;
}

/** The records that found no match, but for those whose key another row still has. */
function goneFrom(table: KeyTable, known: Uint32Array, rows: Uint32Array): number[] {
  const left = [...table.left()];
  if (left.length === 0) return left;
  const present = new KeyTable(rows, ROW_WORDS);
  return left.filter((record) => !present.has(known[DIGEST_WORDS * record]!, known[DIGEST_WORDS * record + 1]!));
}

/** The snapshot, where rows of these keys can be told to be those of it. */
export function comparableWith(snapshot: Snapshot | undefined, keys: readonly string[]): Snapshot | undefined {
  return JSON.stringify(snapshot?.keys.toSorted()) === JSON.stringify(keys.toSorted()) ? snapshot : undefined;
}
