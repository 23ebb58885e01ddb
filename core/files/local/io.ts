/**
 * Reads and writes whole local files as streams.
 *
 * @module
 */
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { throwIfAborted } from "../../contracts/failure.ts";
import type { WriteOptions } from "../../contracts/file_store.ts";
import { handOver } from "../../contracts/give_back.ts";
import { abortedOr, changed, untilAborted } from "../failures.ts";
import { temporaryName } from "../paths.ts";
import { isLookDue } from "../unchanged.ts";
import { systemFailure } from "./failures.ts";

/** Bytes read at a time. */
const CHUNK = 256 * 1024;

/** How to read an open file. */
export interface Reading {
  /** What messages call it. */
  readonly path: string;
  /** First byte wanted. */
  readonly offset: number;
  /** The size it had when it was opened. */
  readonly size: number;
  /** Throws where the file is not the one that was opened. */
  readonly look: () => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/** What is read of an open file. */
type ReadHandle = Pick<FileHandle, "close"> & {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
};

/** The bytes of an open file from `offset` to the size it had; closes the file when done. */
export function streamOf(
  handle: ReadHandle,
  { path, offset, size, look, signal }: Reading,
): ReadableStream<Uint8Array> {
  let position = offset;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        throwIfAborted(signal);
        if (position >= size) {
          if (offset >= size) await look();
          await handle.close();
          return controller.close();
        }
        const buffer = new Uint8Array(Math.min(CHUNK, size - position));
        const { bytesRead } = await untilAborted(handle.read(buffer, 0, buffer.length, position), signal);
        if (bytesRead === 0) throw changed(path, "it is shorter than it was");
        if (isLookDue(position, position + bytesRead, size)) await look();
        position += bytesRead;
        controller.enqueue(handOver(buffer.subarray(0, bytesRead)));
      } catch (error) {
        await handle.close();
        throw abortedOr(signal, systemFailure(error, path));
      }
    },
    cancel: () => handle.close(),
  }, { highWaterMark: 0 });
}

/** Writes the content under a temporary name, brings it to the disk, and renames it. */
export async function writeWhole(
  target: string,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { signal, owner }: WriteOptions,
): Promise<void> {
  const temporary = join(dirname(target), temporaryName(basename(target), owner));
  const handle = await open(temporary, "wx");
  try {
    try {
      for (;;) {
        const { done, value } = await untilAborted(reader.read(), signal);
        if (done) break;
        await writeBytes(handle, value);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    throwIfAborted(signal);
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  // The rename itself is on the disk only when its folder is.
  const folder = await open(dirname(target), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeBytes(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length;) {
    start += (await handle.write(bytes, start, bytes.length - start)).bytesWritten;
  }
}
