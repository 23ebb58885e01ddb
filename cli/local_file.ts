/**
 * Files of this machine that a command reads.
 *
 * @module
 */
import { Failure } from "../core/contracts/failure.ts";

/** A file's bytes; `-` is standard input. Failure `config` where it cannot be read, or is a folder. */
export async function openLocalFile(path: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  if (path === "-") return Deno.stdin.readable;
  const file = await Deno.open(path).catch((error) => {
    const why = error instanceof Deno.errors.NotFound ? "does not exist" : "cannot be read";
    throw new Failure("config", `File "${path}" ${why}`, { hint: "Check the path and its permissions", cause: error });
  });
  // A folder opens, and cannot be read.
  if (!(await file.stat()).isDirectory) return file.readable;
  file.close();
  throw new Failure("config", `"${path}" is a folder`, { hint: "Name a file in it" });
}
