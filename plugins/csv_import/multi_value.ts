/**
 * Splits cells that hold several values.
 *
 * @module
 */
import type { RecordBatch } from "@waybill/waybill";

const encoder = new TextEncoder(), decoder = new TextDecoder();

/**
 * The values of a cell: split at every `join`; a backslash before a join character or a backslash takes its meaning away.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { valuesOf } from "./multi_value.ts";
 *
 * assert.deepEqual(valuesOf("red&b\\&w&c:\\\\", "&"), ["red", "b&w", "c:\\"]);
 * ```
 */
export function valuesOf(cell: string, join: string): string[] {
  if (!cell.includes("\\")) return cell.split(join);
  const values: string[] = [];
  let value = "";
  const characters = [...cell];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!, next = characters[at + 1];
    if (character === join) {
      values.push(value);
      value = "";
    } else if (character === "\\" && (next === join || next === "\\")) {
      value += next;
      at++;
    } else value += character;
  }
  return [...values, value];
}

/** The batch with the cells of some columns as lists; empty cells stay as they are. */
export function splitCells(batch: RecordBatch, multi: readonly string[], join: string): RecordBatch {
  const { bytes, rows, times, columns } = batch;
  if (columns === undefined) return batch;
  const { names, spans } = columns;
  const isMulti = names.map((name) => multi.includes(name));
  const pieces: Uint8Array[] = [];
  const outRows = new Uint32Array(rows.length);
  const outSpans = new Uint32Array(2 * times.length * names.length);
  let length = 0;
  const put = (piece: Uint8Array) => {
    pieces.push(piece);
    length += piece.length;
  };
  for (let row = 0; row < times.length; row++) {
    let copied = rows[row]!;
    outRows[row] = length;
    for (let column = 0; column < names.length; column++) {
      const at = 2 * (row * names.length + column);
      const start = spans[at]!, end = spans[at + 1]!;
      // A cell's bytes with quotes: `""` is an empty one, nothing at all a missing one.
      if (isMulti[column] && end - start > 2) {
        put(bytes.subarray(copied, start));
        outSpans[at] = length;
        const cell: string = JSON.parse(decoder.decode(bytes.subarray(start, end)));
        put(encoder.encode(JSON.stringify(valuesOf(cell, join))));
        copied = end;
      } else outSpans[at] = end === start ? length : length + start - copied;
      outSpans[at + 1] = isMulti[column] && end - start > 2 ? length : outSpans[at]! + end - start;
    }
    put(bytes.subarray(copied, rows[row + 1]));
  }
  outRows[times.length] = length;
  const out = new Uint8Array(length);
  let filled = 0;
  for (const piece of pieces) {
    out.set(piece, filled);
    filled += piece.length;
  }
  return { bytes: out, rows: outRows, times, columns: { names, spans: outSpans } };
}
