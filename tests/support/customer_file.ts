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
  /** Different customers: profiles, once all is read. */
  readonly customers: number;
  /** Values that name them. */
  readonly identities: number;
  /** Bytes. */
  readonly size: number;
}

/** A row with too many cells comes after each of these many bytes or so. */
const BROKEN_EVERY = 1 << 20;

/** A long text in every row: a commit's 16 MiB are then fewer rows, and a file has more commits. */
const ABOUT = 'Grüezi, ""große"" Liebhaberin alter Bücher; 猫も好き.\n';

/** What a file may hold beside. */
export interface CustomerFileOptions {
  /**
   * So many rows beside the others, spread over the file, each of which shows that two customers are one: they are
   * merged, wherever both have come before. None unless told.
   */
  readonly joins?: number;
  /** How long the rows of the first half are, and those of the second: repetitions of a text of 58 bytes; 4 unless told. */
  readonly width?: readonly [number, number];
}

/**
 * Writes a file of `rows` readable rows, and those of the options, of which three in ten are about customers that came
 * before.
 */
export async function writeCustomerFile(
  path: string,
  rows: number,
  seed: number,
  { joins = 0, width = [4, 4] }: CustomerFileOptions = {},
): Promise<CustomerFile> {
  const customers = Math.floor(rows * 0.7);
  const encoder = new TextEncoder();
  let size = 0, broken = 0, joined = 0, written = 0;
  using file = await Deno.open(path, { write: true, createNew: true });
  const put = async (text: string) => {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    size += bytes.length;
  };
  // The generator's blocks end with whole rows.
  const putRows = async (block: string) => {
    const times = width[written < rows / 2 ? 0 : 1];
    await put(widened(block, times));
    written += block.split(ROW_END).length - 1;
    for (; joined < joins && joined < written / rows * joins; joined++) await put(widened(join(joined), times));
  };
  const decoder = new TextDecoder();
  for await (const bytes of generateCustomers({ rows: customers, seed })) {
    await putRows(decoder.decode(bytes));
    if (size >= BROKEN_EVERY * (broken + 1)) await put(`broken row ${++broken}${",x".repeat(20)}\n`);
  }
  let header = true;
  for await (const bytes of generateCustomers({ rows: rows - customers, seed: seed + 1 })) {
    const text = decoder.decode(bytes);
    await putRows(header ? text.slice(text.indexOf("\n") + 1) : text);
    header = false;
  }
  return { rows: rows + joins, broken, customers: customers - joins, identities: 2 * customers, size };
}

/** The last cell of the generator's rows is a time. */
const ROW_END = "Z\n";

/** A row with one customer's id and another's address; no customer is in two of them. */
function join(index: number): string {
  const id = `C${String(2 * index).padStart(8, "0")}`;
  return `${id},user${2 * index + 1}@example.com,,,,,,,joined,,2024-06-${10 + index % 20}T00:00:00${ROW_END}`;
}

/** Adds the long text to rows. */
function widened(rows: string, times: number): string {
  return rows.replace(/^customer_id,.*/, "$&,about").replaceAll(ROW_END, `Z,"${ABOUT.repeat(times)}"\n`);
}
