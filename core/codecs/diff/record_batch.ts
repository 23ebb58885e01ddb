/**
 * Rows as a batch.
 *
 * @module
 */
import { isRecordBatch, type RecordBatch, type Row } from "../../contracts/records.ts";

const encoder = new TextEncoder();

/** What `emit` takes, as a batch: objects become JSON lines. */
export function recordBatch(rows: RecordBatch | readonly Row[]): RecordBatch {
  if (isRecordBatch(rows)) return rows;
  const lines = rows.map(({ fields }) => encoder.encode(`${JSON.stringify(fields)}\n`));
  const starts = new Uint32Array(lines.length + 1);
  lines.forEach((line, row) => starts[row + 1] = starts[row]! + line.length);
  const bytes = new Uint8Array(starts[lines.length]!);
  lines.forEach((line, row) => bytes.set(line, starts[row]));
  return { bytes, rows: starts, times: Float64Array.from(rows, ({ time = NaN }) => time) };
}
