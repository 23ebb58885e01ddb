/**
 * The first rows of a file as text, for plans and choices.
 *
 * @module
 */
import type { RejectedRow } from "@waybill/waybill";
import type { CsvFile } from "./csv_file.ts";

/** Rows looked at. */
export const SAMPLE_ROWS = 200;

/** The start of a file. */
export interface Sample {
  /** Up to {@linkcode SAMPLE_ROWS} rows: column to value. A row that ends early lacks its last columns. */
  readonly rows: readonly ReadonlyMap<string, string>[];
  /** The rows among them that could not be read. */
  readonly rejected: readonly RejectedRow[];
}

/** Reads the first rows; the file is to be opened with chunks of {@linkcode SAMPLE_ROWS} rows. */
export async function readSample(file: CsvFile): Promise<Sample> {
  const rows: ReadonlyMap<string, string>[] = [];
  const rejected: RejectedRow[] = [];
  const decoder = new TextDecoder();
  for await (const chunk of file.chunks) {
    rejected.push(...chunk.rejected);
    for (const line of decoder.decode(chunk.batch.bytes).split("\n").slice(0, -1)) {
      const row: Readonly<Record<string, string>> = JSON.parse(line);
      rows.push(new Map(Object.entries(row)));
    }
    if (rows.length + rejected.length >= SAMPLE_ROWS) break;
  }
  return { rows: rows.slice(0, SAMPLE_ROWS), rejected };
}

/** The non-empty values of a column. */
export function columnValues(sample: Sample, column: string): string[] {
  return sample.rows.map((row) => row.get(column) ?? "").filter((value) => value.trim() !== "");
}
