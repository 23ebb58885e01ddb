/**
 * What the default mapping makes of the rows of a batch: their own bytes, in the order of the keys.
 *
 * @module
 */
import { copyBytes, viewOf } from "./byte_stretches.ts";
import { type IndexedBatch, isEmptyValue } from "./indexed_batch.ts";

const COMMA = 44, OPEN = 123, CLOSE = 125;

/**
 * Copies each row's `"key":value` stretches in the order of the keys, without the empty ones. `ends` tells where a row's
 * text begins and, from then on, ends: the first one's stands at `first`. It has room, and so have the texts: what a row
 * writes is never longer than its line.
 */
export function writePlainRows(
  { bytes, rows, times, columns: { names, spans } }: IndexedBatch,
  texts: Uint8Array<ArrayBuffer>,
  ends: Float64Array,
  first: number,
): void {
  const width = names.length;
  const order = Int32Array.from(names.keys()).sort((a, b) => names[a]! < names[b]! ? -1 : 1);
  const source = viewOf(bytes), target = viewOf(texts);
  // Where each column's key starts in the row; -1 for an empty value.
  const keys = new Int32Array(width + 1).fill(-1);
  let put = ends[first]!;
  for (let row = 0; row < times.length; row++) {
    const span = 2 * row * width;
    for (let column = 0, at = span, key = rows[row]! + 1; column < width; column++, at += 2) {
      const from = spans[at]!, to = spans[at + 1]!;
      keys[column] = isEmptyValue(bytes, from, to - from) ? -1 : key;
      if (from !== to) key = to + 1;
    }
    target.setUint8(put++, OPEN);
    let separate = false;
    for (let place = 0; place < width; place++) {
      let column = order[place]!;
      const start = keys[column]!;
      if (start < 0) continue;
      let end = spans[span + 2 * column + 1]!;
      // Neighbours by name that are neighbours in the row, too, are one piece.
      while (order[place + 1] === column + 1 && keys[column + 1] === end + 1) {
        column++;
        place++;
        end = spans[span + 2 * column + 1]!;
      }
      if (separate) target.setUint8(put++, COMMA);
      separate = true;
      put = copyBytes(source, start, end, target, put);
    }
    target.setUint8(put++, CLOSE);
    ends[first + row + 1] = put;
  }
}
