/**
 * What a partner delivers: a dated sequence of CSV files, zipped and encrypted with GnuPG.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { generateCustomers } from "../../bench/generate.ts";
import { makeZip } from "../../core/codecs/zip/zip_testing.ts";
import type { GnuPg } from "../../core/codecs/pgp/gnupg_testing.ts";

/** A file of the sequence. */
export interface DatedFile {
  readonly name: string;
  /** Rows that can be read, and those that cannot. */
  readonly rows: number;
  readonly broken: number;
  /** As it is delivered. */
  readonly bytes: Uint8Array;
  /** When it was written, long ago: it has settled. */
  readonly modified: Date;
}

/** The file of a day, counted from 0: about the same customers as the others, with other values. */
export async function makeDatedFile(gpg: GnuPg, recipient: string, day: number, rows: number): Promise<DatedFile> {
  const date = Temporal.PlainDate.from("2025-01-01").add({ days: day });
  const pieces = await Array.fromAsync(generateCustomers({ rows, seed: 100 + day }));
  const broken = day % 3;
  const text = new TextDecoder().decode(Buffer.concat(pieces)) + `broken row${",x".repeat(20)}\n`.repeat(broken);
  const zip = makeZip([{ name: `customers_${date}.csv`, content: text }]);
  const modified = new Date(date.toZonedDateTime("UTC").add({ hours: 5 }).epochMilliseconds);
  return {
    name: `customers_${date.toString().replaceAll("-", "")}.zip.pgp`,
    rows,
    broken,
    bytes: await gpg.run(["--recipient", recipient, "--compress-algo", "none", "--encrypt"], zip),
    modified,
  };
}

/** Puts files into a folder. */
export async function deliver(folder: string, files: readonly DatedFile[]): Promise<void> {
  for (const { name, bytes, modified } of files) {
    // As a careful partner does: under another name until it is complete.
    const path = join(folder, name);
    await Deno.writeFile(`${path}.part`, bytes);
    await Deno.utime(`${path}.part`, modified, modified);
    await Deno.rename(`${path}.part`, path);
  }
}
