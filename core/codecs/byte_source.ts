/**
 * Bytes that can be read from any offset on, wherever they lie: in a store, in a spool, in an archive.
 *
 * @module
 */
import { throwIfAborted } from "../contracts/failure.ts";
import type { FileEntry, FileStore } from "../contracts/file_store.ts";
import type { SpoolFile } from "./spool.ts";

/** Bytes that can be read from any offset on. */
export interface ByteSource {
  /** What messages call it. */
  readonly name: string;
  /** Size in bytes; absent where only reading it to its end tells. */
  readonly size?: number;
  /** The bytes from `offset` (0 unless told) to the end. Cancel the stream, or read it to its end. */
  open(offset?: number): Promise<ReadableStream<Uint8Array>>;
}

/** A source whose size is known, and which reads from an offset without reading what lies before it. */
export interface SeekableSource extends ByteSource {
  /** Size in bytes. */
  readonly size: number;
}

/** A file of a store, in the version that `entry` has. */
export function fileSource(files: FileStore, entry: FileEntry, signal?: AbortSignal): SeekableSource {
  const { path, size, version } = entry;
  return {
    name: path,
    size,
    open: (offset = 0) => files.open(path, { offset, version, ...(signal === undefined ? {} : { signal }) }),
  };
}

/** What a spool keeps. */
export type SpooledBytes = Pick<SpoolFile, "size" | "open">;

/** A spool file; its first byte counts as `start` of the source, and nothing before it may be asked for. */
export function spoolSource(file: SpooledBytes, name: string, start = 0): SeekableSource {
  return { name, size: start + file.size, open: async (offset = 0) => file.open(offset - start) };
}

/** The part of a source from `start` to `end`. It ends early where the source does. */
export function sliceSource(source: SeekableSource, name: string, start: number, end: number): SeekableSource {
  const size = end - start;
  return {
    name,
    size,
    open: async (offset = 0) => {
      if (offset >= size) return streamOf([]);
      return streamOf(firstBytes(await source.open(start + offset), size - offset));
    },
  };
}

/** The source, which tells after each piece up to which offset it was read, and stops where `signal` was aborted. */
export function meteredSource<Source extends ByteSource>(
  source: Source,
  reached: (offset: number) => void,
  signal?: AbortSignal,
): Source {
  async function* pieces(stream: ReadableStream<Uint8Array>, offset: number): AsyncGenerator<Uint8Array> {
    let position = offset;
    for await (const piece of stream) {
      throwIfAborted(signal);
      reached(position += piece.length);
      yield piece;
    }
  }
  return { ...source, open: async (offset = 0) => streamOf(pieces(await source.open(offset), offset)) };
}

/** A stream of pieces, which are asked for one at a time. Cancelling it ends the iteration. */
export function streamOf(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  return ReadableStream.from(pieces) as ReadableStream<Uint8Array>;
}

/** The pieces, without the first `count` bytes. */
export async function* withoutFirst(pieces: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const piece of pieces) {
    const skipped = Math.min(left, piece.length);
    left -= skipped;
    if (skipped < piece.length) yield piece.subarray(skipped);
  }
}

/** The first `count` bytes of a source, or as many as it has. */
export async function readHead(source: ByteSource, count: number): Promise<Uint8Array> {
  return await readFully(await source.open(), count);
}

/** The first `count` bytes of a stream, or as many as it has; the stream is cancelled. */
export async function readFully(stream: ReadableStream<Uint8Array>, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  let length = 0;
  for await (const piece of firstBytes(stream, count)) {
    bytes.set(piece, length);
    length += piece.length;
  }
  return bytes.subarray(0, length);
}

/** Leaving the loop early cancels the stream: nobody downloads what nobody wants. */
async function* firstBytes(stream: ReadableStream<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const piece of stream) {
    yield piece.subarray(0, left);
    left -= piece.length;
    if (left <= 0) return;
  }
}
