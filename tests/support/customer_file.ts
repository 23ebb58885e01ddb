/**
 * A customer file that is hard on an import: customers come again with other values, and some rows cannot be read.
 *
 * @module
 */
import { generateCustomers } from "../../bench/generate.ts";

/** What a file holds. */
export interface CustomerFile {
  /** Rows that can be read. */
  readonly rows: number;
  /** Rows that cannot. */
  readonly broken: number;
  /** Different customers. */
  readonly customers: number;
  /** Bytes. */
  readonly size: number;
}

/** A row with too many cells comes after each of these many bytes or so. */
const BROKEN_EVERY = 1 << 20;

/** A long text in every row: a commit's 16 MiB are then fewer rows, and a file has more commits. */
const ABOUT = `"${'Grüezi, ""große"" Liebhaberin alter Bücher; 猫も好き.\n'.repeat(4)}"`;

/** Writes a file of `rows` readable rows, of which three in ten are about customers that came before. */
export async function writeCustomerFile(path: string, rows: number, seed: number): Promise<CustomerFile> {
  const customers = Math.floor(rows * 0.7);
  const encoder = new TextEncoder();
  let size = 0;
  let broken = 0;
  using file = await Deno.open(path, { write: true, createNew: true });
  const put = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    size += bytes.length;
  };
  for await (const bytes of generateCustomers({ rows: customers, seed })) {
    await put(widened(bytes));
    // The generator's blocks end with whole rows.
    if (size >= BROKEN_EVERY * (broken + 1)) await put(encoder.encode(`broken row ${++broken}${",x".repeat(20)}\n`));
  }
  let header = true;
  for await (const bytes of generateCustomers({ rows: rows - customers, seed: seed + 1 })) {
    await put(widened(header ? bytes.subarray(bytes.indexOf(10) + 1) : bytes));
    header = false;
  }
  return { rows, broken, customers, size };
}

/** Adds the long text to the generator's rows, whose last cell is a time. */
function widened(rows: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(rows).replace(/^customer_id,.*/, "$&,about");
  return new TextEncoder().encode(text.replaceAll("Z\n", `Z,${ABOUT}\n`));
}
