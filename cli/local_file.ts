/**
 * Files of this machine that a command reads.
 *
 * @module
 */
import { Failure } from "../core/contracts/failure.ts";
import { handOver } from "../core/contracts/give_back.ts";

/** Bytes that are read at a time: a file goes through some hundred calls, not thousands. */
const CHUNK_BYTES = 1 << 20;

/** A file's bytes; `-` is standard input. Failure `config` where it cannot be read, or is a folder. */
export async function openLocalFile(path: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  if (path === "-") return Deno.stdin.readable;
  const file = await Deno.open(path).catch((error) => {
    const why = error instanceof Deno.errors.NotFound ? "does not exist" : "cannot be read";
    throw new Failure("config", `File "${path}" ${why}`, { hint: "Check the path and its permissions", cause: error });
  });
  // A folder opens, and cannot be read.
  if (!(await file.stat()).isDirectory) return bytesOf(file);
  file.close();
  throw new Failure("config", `"${path}" is a folder`, { hint: "Name a file in it" });
}

/** Reads the file to its end, a chunk ahead of whoever takes them, and closes it. */
function bytesOf(file: Deno.FsFile): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    pull: async (controller) => {
      try {
        const chunk = new Uint8Array(CHUNK_BYTES), count = await file.read(chunk);
        if (count !== null) return controller.enqueue(handOver(chunk.subarray(0, count)));
      } catch (error) {
        file.close();
        throw error;
      }
      file.close();
      controller.close();
    },
    cancel: () => file.close(),
  });
}
