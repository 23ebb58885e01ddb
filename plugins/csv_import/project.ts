/**
 * Drops columns from a batch.
 *
 * @module
 */
import type { RecordBatch } from "@waybill/waybill";

const OPEN = 0x7b;
const CLOSE = 0x7d;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;

/**
 * The batch with the columns `kept` alone, which it must have an index of. Values are copied as bytes; the times are
 * the same array.
 */
export function projectBatch({ bytes, times, columns }: RecordBatch, kept: readonly string[]): RecordBatch {
  const { names, spans } = columns ?? { names: [], spans: new Uint32Array(0) };
  const encoder = new TextEncoder();
  const places = kept.map((name) => ({ at: names.indexOf(name), key: encoder.encode(`${JSON.stringify(name)}:`) }));
  const count = times.length;
  const out = new Uint8Array(bytes.length + 3 * count);
  const rows = new Uint32Array(count + 1);
  const outSpans = new Uint32Array(2 * count * kept.length);
  let length = 0;
  let span = 0;
  for (let row = 0; row < count; row++) {
    rows[row] = length;
    out[length++] = OPEN;
    const first = length;
    for (const { at, key } of places) {
      const place = 2 * (row * names.length + at);
      const start = spans[place] ?? 0;
      const end = spans[place + 1] ?? 0;
      if (end > start) {
        if (length > first) out[length++] = COMMA;
        out.set(key, length);
        length += key.length;
        outSpans[span++] = length;
        out.set(bytes.subarray(start, end), length);
        length += end - start;
        outSpans[span++] = length;
      } else {
        outSpans[span++] = length;
        outSpans[span++] = length;
      }
    }
    out[length++] = CLOSE;
    out[length++] = LINE_FEED;
  }
  rows[count] = length;
  return { bytes: out.subarray(0, length), rows, times, columns: { names: kept, spans: outSpans } };
}
