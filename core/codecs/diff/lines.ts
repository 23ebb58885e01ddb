/**
 * JSON texts as the rows of a batch.
 *
 * @module
 */
import type { RecordBatch } from "../../contracts/records.ts";

const LF = 10;

/** A row for each text, a JSON object in UTF-8; none of them says when it was. */
export function linesOf(texts: readonly Uint8Array[]): RecordBatch {
  const rows = new Uint32Array(texts.length + 1);
  texts.forEach((text, row) => rows[row + 1] = rows[row]! + text.length + 1);
  const bytes = new Uint8Array(rows[texts.length]!).fill(LF);
  texts.forEach((text, row) => bytes.set(text, rows[row]));
  return { bytes, rows, times: new Float64Array(texts.length).fill(NaN) };
}
