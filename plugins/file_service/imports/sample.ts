/**
 * The first rows of a file, for plans and choices.
 *
 * @module
 */
import type { JsonValue, RecordBatch, RejectedRow } from "@waybill/waybill";

/** Rows looked at. */
export const SAMPLE_ROWS = 200;

/** The start of a file. */
export interface Sample {
  /** Up to {@linkcode SAMPLE_ROWS} rows: column to value. A row may lack columns. */
  readonly rows: readonly ReadonlyMap<string, JsonValue>[];
  /** The rows among them that could not be read. */
  readonly rejected: readonly RejectedRow[];
}

/** What a reader of files hands out. */
export interface SampledChunk {
  readonly batch: RecordBatch;
  readonly rejected: readonly RejectedRow[];
}

/** Reads the first rows; the file is to be opened with chunks of {@linkcode SAMPLE_ROWS} rows. */
export async function readSample(chunks: AsyncIterable<SampledChunk>): Promise<Sample> {
  const rows: ReadonlyMap<string, JsonValue>[] = [];
  const rejected: RejectedRow[] = [];
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    rejected.push(...chunk.rejected);
    for (const line of decoder.decode(chunk.batch.bytes).split("\n").slice(0, -1)) {
      const row: Readonly<Record<string, JsonValue>> = JSON.parse(line);
      rows.push(new Map(Object.entries(row)));
    }
    if (rows.length + rejected.length >= SAMPLE_ROWS) break;
  }
  return { rows: rows.slice(0, SAMPLE_ROWS), rejected };
}

/** Rows that a plan shows. */
export const SHOWN_ROWS = 5;

/** The first {@linkcode SHOWN_ROWS} rows as a plan shows them: texts as they are, all else as JSON, null for nothing. */
export function shownRows({ rows }: Pick<Sample, "rows">, columns: readonly string[]): (string | null)[][] {
  const shown = (value: JsonValue | undefined) =>
    typeof value === "string" ? value : value === undefined || value === null ? null : JSON.stringify(value);
  return rows.slice(0, SHOWN_ROWS).map((row) => columns.map((name) => shown(row.get(name))));
}

/** The texts and numbers of a column, as texts, without the empty ones. */
export function columnValues({ rows }: Pick<Sample, "rows">, column: string): string[] {
  return rows.map((row) => textOf(row.get(column))).filter((text) => text.trim() !== "");
}

/** A text as it is, a number as JSON has it; empty for all else, which is neither a time nor a name of anybody. */
export function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}
