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

/** Kept columns that lie side by side: in every row their bytes, the keys between them included, are one piece. */
interface Run {
  readonly first: number;
  readonly last: number;
}

/**
 * The batch with the columns `kept` alone: names of its index, in the index's order. Values are copied as bytes; the
 * times are the same array.
 */
export function projectBatch({ bytes, times, columns }: RecordBatch, kept: readonly string[]): RecordBatch {
  const { names, spans } = columns ?? { names: [], spans: new Uint32Array(0) };
  const runs = runsOf(names, new Set(kept));
  const encoder = new TextEncoder();
  const keys = names.map((name) => encoder.encode(`${JSON.stringify(name)}:`));
  const count = times.length;
  const longestKeys = keys.reduce((sum, key) => sum + key.length, 0);
  const out = new Uint8Array(bytes.length + count * 3 + longestKeys);
  const rows = new Uint32Array(count + 1);
  const outSpans = new Uint32Array(2 * count * kept.length);
  let length = 0;
  let span = 0;
  for (let row = 0; row < count; row++) {
    const base = 2 * row * names.length;
    const rowStart = length;
    rows[row] = length;
    out[length++] = OPEN;
    for (const { first, last } of runs) {
      const head = presentColumn(spans, base, first, last, 1);
      const tail = presentColumn(spans, base, last, first, -1);
      if (head < 0 || tail < 0) {
        outSpans.fill(length, span, span += 2 * (last - first + 1));
        continue;
      }
      if (length > rowStart + 1) out[length++] = COMMA;
      const key = keys[head] as Uint8Array;
      out.set(key, length);
      length += key.length;
      const start = spans[base + 2 * head] as number;
      const end = spans[base + 2 * tail + 1] as number;
      const shift = length - start;
      out.set(bytes.subarray(start, end), length);
      length += end - start;
      for (let column = first; column <= last; column++) {
        const valueStart = spans[base + 2 * column] as number;
        const valueEnd = spans[base + 2 * column + 1] as number;
        outSpans[span++] = valueEnd > valueStart ? valueStart + shift : length;
        outSpans[span++] = valueEnd > valueStart ? valueEnd + shift : length;
      }
    }
    out[length++] = CLOSE;
    out[length++] = LINE_FEED;
  }
  rows[count] = length;
  return { bytes: out.subarray(0, length), rows, times, columns: { names: kept, spans: outSpans } };
}

function runsOf(names: readonly string[], kept: ReadonlySet<string>): Run[] {
  const runs: Run[] = [];
  names.forEach((name, column) => {
    if (!kept.has(name)) return;
    const before = runs.at(-1);
    if (before?.last === column - 1) runs[runs.length - 1] = { first: before.first, last: column };
    else runs.push({ first: column, last: column });
  });
  return runs;
}

/** The first column from `from` to `to` that the row has; -1 where it has none of them. */
function presentColumn(spans: Uint32Array, base: number, from: number, to: number, step: 1 | -1): number {
  for (let column = from; step > 0 ? column <= to : column >= to; column += step) {
    if ((spans[base + 2 * column + 1] as number) > (spans[base + 2 * column] as number)) return column;
  }
  return -1;
}
