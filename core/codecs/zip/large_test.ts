import assert from "node:assert/strict";
import type { FileEntry, FileStore } from "../../contracts/file_store.ts";
import { memoryStore } from "../../files/memory.ts";
import { openDecoded } from "../decode/chain.ts";
import { memorySpool } from "../spool_memory.ts";
import { endOfLargeZip } from "./zip_testing.ts";

const CHUNK = 65_536;

/** A file of zeros that ends with `tail`, and how many of its bytes were read. */
function sparseFile(size: number, tail: Uint8Array): { files: FileStore; entry: FileEntry; read: () => number } {
  const entry: FileEntry = { path: "x.zip", name: "x.zip", kind: "file", size, modified: 0, version: "1" };
  let read = 0;
  const files: FileStore = {
    ...memoryStore(),
    open: async (_path, { offset = 0 } = {}) => {
      let position = offset;
      return new ReadableStream<Uint8Array>({
        pull: (controller) => {
          if (position >= size) return controller.close();
          const piece = new Uint8Array(Math.min(CHUNK, size - position));
          const behind = position - (size - tail.length);
          if (behind + piece.length > 0) {
            const from = Math.max(behind, 0);
            piece.set(tail.subarray(from, behind + piece.length), from - behind);
          }
          position += piece.length;
          read += piece.length;
          controller.enqueue(piece);
        },
      }, { highWaterMark: 0 });
    },
  };
  return { files, entry, read: () => read };
}

for (const [count, each] of [[54, 100_000_000], [50_000, 110_000]] as const) {
  Deno.test(`an archive of 5 GB with ${count} files is listed by its directory alone`, async () => {
    const { tail, size } = endOfLargeZip(count, each);
    assert.ok(size > 5e9);
    // It starts with zeros, so its name tells what it is.
    const { files, entry, read } = sparseFile(size, tail);
    await using file = await openDecoded({ files, entry }, { spool: memorySpool(), verify: false });
    assert.equal(file.archive?.length, count);
    assert.deepEqual(file.archive?.at(-1), {
      name: `part-${String(count - 1).padStart(6, "0")}.csv`,
      size: each,
      chosen: true,
    });
    assert.equal(file.tooLargeForFields, true);
    // The head, the end, and what a stream gives beyond what was wanted of it.
    const most = tail.length + 4 * CHUNK;
    assert.ok(read() <= most, `${read()} bytes were read, ${most} allowed`);
  });
}
