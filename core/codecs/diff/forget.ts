/**
 * Takes what tells which rows they are out of a snapshot.
 *
 * @module
 */
import type { RecordBatch } from "../../contracts/records.ts";
import { PARTITIONS } from "./file_rows.ts";
import { linesOf } from "./lines.ts";
import { NO_TEXT, textsIn } from "./row_texts.ts";
import { type Snapshot, snapshotBytes } from "./snapshot.ts";
import { putWord } from "./words.ts";

/** Rows that are judged at a time. */
const BATCH = 10_000;

/**
 * The bytes of the snapshot without what tells of some rows which they are; undefined where it tells it of none of them.
 * `forgets` marks, with 1, those of the rows that it is to forget: they hold the fields that the snapshot keeps.
 *
 * Such a row is compared as before: the next file has it as it was, or changed, or not at all. Only that it was this one
 * nobody can tell any more.
 */
export async function forgetRows(
  snapshot: Snapshot,
  forgets: (rows: RecordBatch) => Uint8Array | undefined,
): Promise<AsyncGenerator<Uint8Array> | undefined> {
  const forgotten: ReadonlySet<number>[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    forgotten.push(snapshot.told.length === 0 ? new Set() : await judged(snapshot, partition, forgets));
  }
  if (forgotten.every(({ size }) => size === 0)) return undefined;
  return snapshotBytes({
    keys: snapshot.keys,
    told: snapshot.told,
    rows: snapshot.rows,
    lengths: await lengthsOf(snapshot, forgotten),
    partition: async (partition) => {
      const { words, texts } = await snapshot.partition(partition);
      return { words, texts: joined(leftOf(texts, forgotten[partition]!)) };
    },
  });
}

/** The bytes of the snapshot without anything that tells which rows they are; undefined where it has nothing of it. */
export function forgetAllRows(snapshot: Snapshot): AsyncGenerator<Uint8Array> | undefined {
  if (snapshot.told.length === 0) return undefined;
  return snapshotBytes({
    keys: snapshot.keys,
    told: [],
    rows: snapshot.rows,
    lengths: snapshot.lengths.map(([rows]) => [rows, 0]),
    partition: async (partition) => ({ ...await snapshot.partition(partition), texts: NO_TEXT }),
  });
}

/** The records of a partition that are to be forgotten. */
async function judged(
  snapshot: Snapshot,
  partition: number,
  forgets: (rows: RecordBatch) => Uint8Array | undefined,
): Promise<ReadonlySet<number>> {
  const forgotten = new Set<number>();
  let records: number[] = [], texts: Uint8Array[] = [], record = 0;
  const judge = () => {
    const marks = texts.length === 0 ? undefined : forgets(linesOf(texts));
    marks?.forEach((mark, index) => mark === 1 && forgotten.add(records[index]!));
    [records, texts] = [[], []];
  };
  for (const text of textsIn((await snapshot.partition(partition)).texts)) {
    if (text.length > 0) {
      records.push(record);
      texts.push(text);
    }
    record++;
    if (texts.length === BATCH) judge();
  }
  judge();
  return forgotten;
}

async function lengthsOf(snapshot: Snapshot, forgotten: readonly ReadonlySet<number>[]): Promise<Snapshot["lengths"]> {
  const lengths: [rows: number, texts: number][] = [];
  for (const [partition, [rows, before]] of snapshot.lengths.entries()) {
    let texts = before;
    if (forgotten[partition]!.size > 0) {
      texts = leftOf((await snapshot.partition(partition)).texts, forgotten[partition]!)
        .reduce((sum, text) => sum + 4 + text.length, 0);
    }
    lengths.push([rows, texts]);
  }
  return lengths;
}

function leftOf(texts: Uint8Array, forgotten: ReadonlySet<number>): Uint8Array[] {
  return Array.from(textsIn(texts), (text, record) => forgotten.has(record) ? NO_TEXT : text);
}

function joined(texts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(texts.reduce((sum, text) => sum + 4 + text.length, 0));
  let put = 0;
  for (const text of texts) {
    putWord(bytes, put, text.length);
    bytes.set(text, put + 4);
    put += 4 + text.length;
  }
  return bytes;
}
