/**
 * Puts generated files on the disk.
 *
 * @module
 */
import { generateCustomers, type GenerateOptions } from "./generate.ts";

/** Writes a generated CSV file, over one that is there; gives its size in bytes. */
export async function writeCustomers(path: string, options: GenerateOptions): Promise<number> {
  return await writeFile(path, generateCustomers(options));
}

/** Writes bytes that do not compress; gives their number. */
export async function writeRandom(path: string, mebibytes: number): Promise<number> {
  const bytes = new Uint8Array(65_536);
  return await writeFile(
    path,
    async function* () {
      for (let at = 0; at < mebibytes * 1_048_576; at += bytes.length) yield crypto.getRandomValues(bytes);
    }(),
  );
}

async function writeFile(path: string, content: AsyncIterable<Uint8Array>): Promise<number> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  let size = 0;
  for await (const bytes of content) {
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    size += bytes.length;
  }
  return size;
}
