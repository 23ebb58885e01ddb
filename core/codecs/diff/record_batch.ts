/**
 * Rows as a batch.
 *
 * @module
 */
import { isRecordBatch, type RecordBatch, type Row } from "../../contracts/records.ts";
import { linesOf } from "./lines.ts";

const encoder = new TextEncoder();

/** What `emit` takes, as a batch: objects become JSON lines. */
export function recordBatch(rows: RecordBatch | readonly Row[]): RecordBatch {
  if (isRecordBatch(rows)) return rows;
  const batch = linesOf(rows.map(({ fields }) => encoder.encode(JSON.stringify(fields))));
  return { ...batch, times: Float64Array.from(rows, ({ time = NaN }) => time) };
}
