/**
 * Takes some rows out of a batch.
 *
 * @module
 */
import type { RecordBatch } from "../../contracts/records.ts";

/** The rows of a batch for which `keep` holds, as a batch of its own; the same batch where it holds for all. */
export function selectRows(batch: RecordBatch, keep: (row: number) => boolean): RecordBatch {
  const { bytes, rows, times, columns } = batch;
  const kept: number[] = [];
  let length = 0;
  for (let row = 0; row < times.length; row++) {
    if (!keep(row)) continue;
    kept.push(row);
    length += rows[row + 1]! - rows[row]!;
  }
  if (kept.length === times.length) return batch;
  const width = 2 * (columns?.names.length ?? 0);
  const chosen = {
    bytes: new Uint8Array(length),
    rows: new Uint32Array(kept.length + 1),
    times: new Float64Array(kept.length),
  };
  const spans = new Uint32Array(width * kept.length);
  let put = 0;
  kept.forEach((row, index) => {
    const start = rows[row]!;
    chosen.bytes.set(bytes.subarray(start, rows[row + 1]), put);
    chosen.times[index] = times[row]!;
    for (let span = 0; span < width; span++) {
      spans[index * width + span] = columns!.spans[row * width + span]! - start + put;
    }
    put += rows[row + 1]! - start;
    chosen.rows[index + 1] = put;
  });
  return columns === undefined ? chosen : { ...chosen, columns: { names: columns.names, spans } };
}
