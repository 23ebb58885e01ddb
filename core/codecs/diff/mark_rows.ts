/**
 * Gives every row of a batch one more field.
 *
 * @module
 */
import type { RecordBatch } from "../../contracts/records.ts";

const encoder = new TextEncoder();
const OPEN = 0x7b, COMMA = 0x2c, CLOSE = 0x7d, LF = 10;

/** The rows with a field more, which none of them may have. Each has to end in `}` and LF, as JSON lines do. */
export function markRows(batch: RecordBatch, name: string, value: boolean): RecordBatch {
  const { bytes, rows, times, columns } = batch;
  const count = times.length;
  const key = encoder.encode(`${JSON.stringify(name)}:`), json = encoder.encode(JSON.stringify(value));
  const more = key.length + json.length;
  const width = columns?.names.length ?? 0;
  const marked = new Uint8Array(bytes.length + count * (more + 1));
  const starts = new Uint32Array(count + 1);
  const spans = new Uint32Array(columns === undefined ? 0 : 2 * count * (width + 1));
  let put = 0;
  for (let row = 0; row < count; row++) {
    const start = rows[row]!, end = rows[row + 1]! - 2;
    const shift = put - start;
    marked.set(bytes.subarray(start, end), put);
    put += end - start;
    if (marked[put - 1] !== OPEN) marked[put++] = COMMA;
    marked.set(key, put);
    marked.set(json, put + key.length);
    put += more;
    if (columns !== undefined) {
      const to = 2 * row * (width + 1), from = 2 * row * width;
      for (let span = 0; span < 2 * width; span++) spans[to + span] = columns.spans[from + span]! + shift;
      spans[to + 2 * width] = put - json.length;
      spans[to + 2 * width + 1] = put;
    }
    marked[put++] = CLOSE;
    marked[put++] = LF;
    starts[row + 1] = put;
  }
  const result = { bytes: marked.subarray(0, put), rows: starts, times };
  return columns === undefined ? result : { ...result, columns: { names: [...columns.names, name], spans } };
}
