/**
 * A private file of records in partitions: they come in any order, and are read back a partition at a time.
 *
 * @module
 */
import type { Spool, SpoolFile } from "../spool.ts";

/** Bytes that a partition gathers before they are written. */
const BLOCK = 32_768;

interface Partition {
  /** What is not written yet. */
  buffer: Uint8Array;
  filled: number;
  /** Where what is written lies: offset and length, one after the other. */
  readonly blocks: number[];
  bytes: number;
}

/** Takes at most about {@linkcode BLOCK} bytes of memory a partition, beside eight for each block that is written. */
export class PartitionedFile implements AsyncDisposable {
  readonly #partitions: readonly Partition[];
  readonly #file: SpoolFile;

  /** Makes an empty one. Whoever asks for it disposes of it. */
  static async create(spool: Spool, partitions: number): Promise<PartitionedFile> {
    return new PartitionedFile(await spool.create(), partitions);
  }

  private constructor(file: SpoolFile, partitions: number) {
    this.#file = file;
    this.#partitions = Array.from(
      { length: partitions },
      () => ({ buffer: new Uint8Array(BLOCK), filled: 0, blocks: [], bytes: 0 }),
    );
  }

  /** Where the next `length` bytes of a partition may be written, or undefined where it must be emptied first. */
  room(partition: number, length: number): { readonly buffer: Uint8Array; readonly at: number } | undefined {
    const own = this.#partitions[partition]!;
    if (own.filled + length > own.buffer.length) {
      if (own.filled > 0) return undefined;
      own.buffer = new Uint8Array(length);
    }
    const at = own.filled;
    own.filled += length;
    own.bytes += length;
    return { buffer: own.buffer, at };
  }

  /** Writes what a partition has gathered. */
  async empty(partition: number): Promise<void> {
    const own = this.#partitions[partition]!;
    if (own.filled === 0) return;
    own.blocks.push(this.#file.size, own.filled);
    await this.#file.append(own.buffer.subarray(0, own.filled));
    own.filled = 0;
    if (own.buffer.length > BLOCK) own.buffer = new Uint8Array(BLOCK);
  }

  /** Bytes in a partition. */
  bytes(partition: number): number {
    return this.#partitions[partition]!.bytes;
  }

  /** All of a partition, in the order in which it came. */
  async read(partition: number): Promise<Uint8Array> {
    const { blocks, buffer, filled, bytes } = this.#partitions[partition]!;
    const all = new Uint8Array(bytes);
    let put = 0;
    for (let block = 0; block < blocks.length; block += 2) {
      put += await this.#file.read(blocks[block]!, all.subarray(put, put + blocks[block + 1]!));
    }
    all.set(buffer.subarray(0, filled), put);
    return all;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}
