/**
 * Reads what a file of a managed account holds, wherever it lies.
 *
 * @module
 */
import type { FileEntry, FileStore } from "../../contracts/file_store.ts";
import type { Executor } from "../../database/database.ts";
import { memoryStore } from "../../files/memory.ts";
import { type ManagedContents, throwIfDiskFull } from "./contents.ts";
import { isSmall, readSmall } from "./small_contents.ts";

/** An open content: it stays as it is, whatever becomes of the file. */
export interface ContentReader {
  /** Fills a buffer from `offset` on with at most `length` bytes of those from `position` on; 0 at the end. */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

/** Opens one. Failure `config` (`not_found`) where it is gone. */
export async function readContent(
  executor: Executor,
  contents: ManagedContents,
  account: number,
  id: string,
): Promise<ContentReader> {
  if (!isSmall(id)) return await contents.read(id);
  const bytes = await readSmall(executor, account, id);
  return contents.held.take(bytes.length) ? heldReader(contents, bytes) : await fileReader(contents, bytes);
}

/** One as a file of a store, under the name that it has for people. Failure `config` (`not_found`) where it is gone. */
export async function fileOfContent(
  executor: Executor,
  contents: ManagedContents,
  account: number,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<{ readonly files: FileStore; readonly entry: FileEntry }> {
  if (!isSmall(id)) return await contents.file(id, name);
  const files = memoryStore({ [id]: await readSmall(executor, account, id) });
  return { files, entry: { ...await files.stat(id), name } };
}

function heldReader({ held }: ManagedContents, bytes: Uint8Array): ContentReader {
  let closed = false;
  return {
    read: (buffer, offset, length, position) => {
      const part = bytes.subarray(position, position + length);
      buffer.set(part, offset);
      return Promise.resolve({ bytesRead: part.length });
    },
    close: () => {
      if (!closed) held.give(bytes.length);
      closed = true;
      return Promise.resolve();
    },
  };
}

/** For those that there is no memory for: a file without a name, which ends with the reader. */
async function fileReader(contents: ManagedContents, bytes: Uint8Array): Promise<ContentReader> {
  await using file = await contents.create();
  try {
    await throwIfDiskFull(() => file.handle.writeFile(bytes));
    return await contents.read(file.id);
  } finally {
    await contents.remove(file.id);
  }
}
