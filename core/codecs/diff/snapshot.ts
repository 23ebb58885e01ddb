/**
 * A snapshot: what is kept of a file's rows until the next file of the sequence is compared with it.
 *
 * Four bytes with the length of a header, the header in JSON, then partition by partition its rows, 16 bytes each in the
 * file's order (the key's hash, then the row's), and the fields that tell which row each is, where those are kept.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { StoredBytes } from "../../contracts/snapshot.ts";
import { type FileRows, PARTITIONS, ROW_WORDS } from "./file_rows.ts";
import { readAhead } from "./read_ahead.ts";
import { DIGEST_WORDS } from "./row_digests.ts";
import { bytesOf, putWord, wordAt, wordsOf } from "./words.ts";

interface Header {
  readonly format: "waybill snapshot 1";
  readonly keys: readonly string[];
  readonly rows: number;
  /** Bytes of each partition's rows, and of its texts. */
  readonly lengths: readonly (readonly [rows: number, texts: number])[];
  /** Fields that are kept as they are. */
  readonly told?: readonly string[];
}

/** Longest header that is read, in bytes. */
const LONGEST_HEADER = 4_194_304;

/** One partition of a snapshot. */
export interface SnapshotPartition {
  /** Two words of the key's hash and two of the row's, for each row. */
  readonly words: Uint32Array;
  /** For each row a length of four bytes, then its told fields in JSON, or nothing; empty where no field is kept. */
  readonly texts: Uint8Array;
}

/** What a snapshot is written of. */
export interface SnapshotContent {
  /** Columns that tell which row it is. */
  readonly keys: readonly string[];
  /** Fields that are kept as they are. */
  readonly told: readonly string[];
  /** Rows of the file. */
  readonly rows: number;
  /** Bytes of each partition's rows, and of its texts. */
  readonly lengths: readonly (readonly [rows: number, texts: number])[];
  /** Gives a partition, with as many bytes as were told. */
  partition(partition: number): Promise<SnapshotPartition>;
}

/** The bytes of a file's snapshot. */
export function snapshotOf(rows: FileRows): AsyncGenerator<Uint8Array> {
  return snapshotBytes({
    ...factsOf(rows),
    partition: async (partition) => ({
      words: digestsOf(await rows.partition(partition)),
      texts: await rows.texts(partition),
    }),
  });
}

/** What stands before the first partition in a file's snapshot. */
export function snapshotHeader(rows: FileRows): Uint8Array {
  return headerBytes(factsOf(rows));
}

function factsOf(rows: FileRows): Omit<SnapshotContent, "partition"> {
  const lengths: [rows: number, texts: number][] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const [digests, texts] = rows.bytes(partition);
    lengths.push([digests / ROW_WORDS * DIGEST_WORDS, texts]);
  }
  return { keys: rows.keys, told: rows.told, rows: rows.count, lengths };
}

/** Rows as they were gathered, without their numbers. */
export function digestsOf(gathered: Uint32Array): Uint32Array {
  const count = gathered.length / ROW_WORDS;
  const digests = new Uint32Array(DIGEST_WORDS * count);
  for (let row = 0; row < count; row++) {
    for (let word = 0; word < DIGEST_WORDS; word++) {
      digests[row * DIGEST_WORDS + word] = gathered[row * ROW_WORDS + word]!;
    }
  }
  return digests;
}

/** The bytes of a snapshot. */
export async function* snapshotBytes({ partition, ...facts }: SnapshotContent): AsyncGenerator<Uint8Array> {
  yield headerBytes(facts);
  for await (const { words, texts } of readAhead(PARTITIONS, partition)) {
    yield bytesOf(words);
    yield texts;
  }
}

function headerBytes({ keys, told, rows, lengths }: Omit<SnapshotContent, "partition">): Uint8Array {
  const header: Header = {
    format: "waybill snapshot 1",
    keys,
    rows,
    lengths,
    ...(told.length > 0 ? { told } : {}),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = new Uint8Array(4 + text.length);
  putWord(start, 0, text.length);
  start.set(text, 4);
  return start;
}

/** A snapshot that is read partition by partition. */
export class Snapshot {
  /** Columns that tell which row it is. */
  readonly keys: readonly string[];
  /** Rows of the file. */
  readonly rows: number;
  /** Fields that are kept as they are; none where it does not say which rows they are. */
  readonly told: readonly string[];
  /** Bytes of each partition's rows, and of its texts. */
  readonly lengths: SnapshotContent["lengths"];
  readonly #bytes: StoredBytes;
  readonly #offsets: readonly number[];

  /** Opens a snapshot. Throws a `Failure` of kind `data` for bytes that are none, or not all of one. */
  static async open(bytes: StoredBytes): Promise<Snapshot> {
    const length = wordAt(await readAll(bytes, 0, 4), 0);
    if (length > LONGEST_HEADER) throw damaged();
    const text = new TextDecoder().decode(await readAll(bytes, 4, length));
    return new Snapshot(bytes, parseHeader(text), 4 + length);
  }

  private constructor(bytes: StoredBytes, header: Header, start: number) {
    this.keys = header.keys;
    this.rows = header.rows;
    this.told = header.told ?? [];
    this.lengths = header.lengths;
    this.#bytes = bytes;
    const offsets = [start];
    for (const [rows, texts] of header.lengths) offsets.push(offsets.at(-1)! + rows + texts);
    if (offsets.at(-1) !== bytes.size) throw damaged();
    this.#offsets = offsets;
  }

  /** Reads one partition, where it is not told otherwise with its texts. */
  async partition(partition: number, { texts: also = true } = {}): Promise<SnapshotPartition> {
    const offset = this.#offsets[partition]!;
    const [rows, texts] = this.lengths[partition]!;
    const words = wordsOf(await readAll(this.#bytes, offset, rows));
    return { words, texts: await readAll(this.#bytes, offset + rows, also ? texts : 0) };
  }
}

function parseHeader(text: string): Header {
  try {
    const header: Header = JSON.parse(text);
    if (header.format === "waybill snapshot 1" && header.lengths.length === PARTITIONS) return header;
  } catch (error) {
    throw damaged(error);
  }
  throw damaged();
}

async function readAll(bytes: StoredBytes, offset: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length);
  if (await bytes.read(offset, into) !== length) throw damaged();
  return into;
}

function damaged(cause?: unknown): Failure {
  return new Failure("data", "The snapshot of the file before is damaged", {
    hint: "Run the job once with `force: true`: every row of the file is imported, and a new snapshot made",
    cause,
  });
}
