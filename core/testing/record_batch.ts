/**
 * The rows of a batch as objects, for tests that compare them.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import assert from "node:assert/strict";
import type { RecordBatch, Row } from "../contracts/records.ts";

/**
 * Reads a batch; throws an `AssertionError` for one that the engine would refuse: offsets that are not the lines' own,
 * an index that does not cover every value, a number of times that is not the number of rows.
 */
export function batchRows(batch: RecordBatch): Row[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const count = batch.rows.length - 1;
  assert.equal(batch.times.length, count, "a batch has one time for every row");
  assert.equal(batch.rows[0], 0, "the first row starts the batch");
  assert.equal(batch.rows[count], batch.bytes.length, "the last offset is the end of the batch");
  return Array.from({ length: count }, (_, row) => {
    const line = decoder.decode(batch.bytes.subarray(batch.rows[row], batch.rows[row + 1]));
    assert.match(line, /^\{[^\n]*\}\n$/, `row ${row} is one line of JSON`);
    const fields: Row["fields"] = parseJson(line);
    if (batch.columns !== undefined) assert.deepEqual(indexedFields(batch, row), fields, `row ${row} is indexed`);
    const time = batch.times[row];
    return time === undefined || Number.isNaN(time) ? { fields } : { fields, time };
  });
}

function indexedFields({ bytes, columns }: RecordBatch, row: number): Row["fields"] {
  assert.ok(columns);
  const { names, spans } = columns;
  const fields: [string, Row["fields"][string]][] = [];
  names.forEach((name, column) => {
    const at = 2 * (row * names.length + column);
    const value = bytes.subarray(spans[at], spans[at + 1]);
    if (value.length > 0) fields.push([name, parseJson(new TextDecoder().decode(value))]);
  });
  return Object.fromEntries(fields);
}
