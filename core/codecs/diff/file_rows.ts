/**
 * What a pass over a file gathers of its rows, to be compared with those of the file before it.
 *
 * @module
 */
import type { RecordBatch } from "../../contracts/records.ts";
import type { Spool } from "../spool.ts";
import { PartitionedFile } from "./partitioned.ts";
import { RowTexts } from "./row_texts.ts";
import { DIGEST_WORDS, type DigestOptions, RowDigester } from "./row_digests.ts";
import { putWord, wordsOf } from "./words.ts";

/** Partitions by the upper bits of the key's hash: of 10,000,000 rows each holds some 80,000. */
export const PARTITIONS = 128;

/** Words of a gathered row: its digest, and its number. */
export const ROW_WORDS = DIGEST_WORDS + 1;

/** How rows are gathered. */
export interface FileRowsOptions extends DigestOptions {
  /**
   * Fields whose values are kept as they are, so that the next file's comparison can name rows that are gone; none: it
   * only counts them. A row without a value in a key column has nothing kept.
   */
  readonly told?: readonly string[];
}

/** The rows of one file. Memory does not grow with them, but for a few bytes in a thousand rows. */
export class FileRows implements AsyncDisposable {
  /** Columns that tell which row it is. */
  readonly keys: readonly string[];
  /** Fields whose values are kept. */
  readonly told: readonly string[];
  readonly #digester: RowDigester;
  readonly #digests: PartitionedFile;
  readonly #texts: PartitionedFile | undefined;
  readonly #rowTexts: RowTexts;
  #rows = 0;

  /** Gathers into private files of the spool. Whoever asks for it disposes of it. */
  static async create(spool: Spool, options: FileRowsOptions): Promise<FileRows> {
    const digests = await PartitionedFile.create(spool, PARTITIONS);
    const { told = [] } = options;
    const texts = told.length > 0 ? await PartitionedFile.create(spool, PARTITIONS) : undefined;
    return new FileRows(options, digests, texts);
  }

  private constructor(options: FileRowsOptions, digests: PartitionedFile, texts: PartitionedFile | undefined) {
    const { keys, told = [] } = options;
    this.keys = keys;
    this.told = told;
    this.#rowTexts = new RowTexts(told, keys);
    this.#digester = new RowDigester(options);
    this.#digests = digests;
    this.#texts = texts;
  }

  /** How many rows there are so far: the number of the next. */
  get count(): number {
    return this.#rows;
  }

  /** How many of them have a value in a key column. */
  get keyed(): number {
    return this.#digester.keyed;
  }

  /** Whether a row so far has a field of this name. */
  has(field: string): boolean {
    return this.#digester.has(field);
  }

  /** Adds the rows of a batch, in the file's order, and gives their digests. The batch is read no more afterwards. */
  async add(batch: RecordBatch): Promise<Uint32Array> {
    const digests = this.#digester.digest(batch);
    for (let row = 0; row < batch.times.length; row++) {
      const at = DIGEST_WORDS * row;
      const partition = digests[at + 1]! >>> 25;
      let room = this.#digests.room(partition, 4 * ROW_WORDS);
      if (room === undefined) {
        await this.#digests.empty(partition);
        room = this.#digests.room(partition, 4 * ROW_WORDS)!;
      }
      for (let word = 0; word < DIGEST_WORDS; word++) putWord(room.buffer, room.at + 4 * word, digests[at + word]!);
      putWord(room.buffer, room.at + 4 * DIGEST_WORDS, this.#rows++);
      if (this.#texts !== undefined) {
        await this.#addText(this.#texts, partition, this.#rowTexts.of(batch, row));
      }
    }
    return digests;
  }

  /** Bytes of a partition's rows, and of its texts. */
  bytes(partition: number): readonly [rows: number, texts: number] {
    return [this.#digests.bytes(partition), this.#texts?.bytes(partition) ?? 0];
  }

  /** {@linkcode ROW_WORDS} words for each row of a partition, in the file's order. */
  async partition(partition: number): Promise<Uint32Array> {
    return wordsOf(await this.#digests.read(partition));
  }

  /** The told fields of each row of a partition, in the file's order: a length of four bytes, then JSON or nothing. */
  async texts(partition: number): Promise<Uint8Array> {
    return await this.#texts?.read(partition) ?? new Uint8Array(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#digests[Symbol.asyncDispose]();
    await this.#texts?.[Symbol.asyncDispose]();
  }

  async #addText(texts: PartitionedFile, partition: number, text: Uint8Array): Promise<void> {
    let room = texts.room(partition, 4 + text.length);
    if (room === undefined) {
      await texts.empty(partition);
      room = texts.room(partition, 4 + text.length)!;
    }
    putWord(room.buffer, room.at, text.length);
    room.buffer.set(text, room.at + 4);
  }
}
