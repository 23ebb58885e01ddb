/**
 * Rows of a CSV file as changes: each cell that is not empty is assigned to the attribute of its column.
 *
 * @module
 */
import { Failure, type RecordBatch } from "@waybill/waybill";

const encoder = new TextEncoder();
const BEFORE_ID = encoder.encode('"customer_id":'), CHANGES = encoder.encode('"changes":[');
const OPEN = 123, CLOSE = 125, CLOSE_LIST = 93, COMMA = 44, LF = 10;
/** Bytes of an empty cell: its quotes. */
const EMPTY = 2;

/** Refuses (`data`) a header whose columns cannot be attributes. `path` is the file's. */
export function checkHeader(names: readonly string[], path: string): void {
  if (!names.slice(1).includes("customer_id")) return;
  throw new Failure("data", `Column "customer_id" is not the first of "${path}"`, {
    hint: "Put the column of the customer ids first; the others are attributes",
  });
}

/** The rows as changes. The first column is the customer id, whatever it is called. */
export function changesOf({ bytes, times, columns, places }: RecordBatch): RecordBatch {
  const { names = [], spans = new Uint32Array(0) } = columns ?? {};
  const width = names.length, count = times.length;
  const keys = names.map((name) => encoder.encode(`{"op":"assign","attr":${JSON.stringify(name)},"value":`));
  const perRow = BEFORE_ID.length + CHANGES.length + 8 + keys.reduce((sum, { length }) => sum + length + 2, 0);
  const out = new Uint8Array(bytes.length + count * perRow);
  const rows = new Uint32Array(count + 1), own = new Uint32Array(4 * count);
  let put = 0;
  const copy = (from: Uint8Array, start = 0, end = from.length) => {
    for (let at = start; at < end; at++) out[put++] = from[at]!;
  };
  for (let row = 0; row < count; row++) {
    const first = 2 * row * width;
    rows[row] = put;
    out[put++] = OPEN;
    if (spans[first + 1]! - spans[first]! > EMPTY) {
      copy(BEFORE_ID);
      own[4 * row] = put;
      copy(bytes, spans[first], spans[first + 1]);
      own[4 * row + 1] = put;
      out[put++] = COMMA;
    }
    copy(CHANGES);
    // With its bracket.
    const list = own[4 * row + 2] = put - 1;
    for (let column = 1; column < width; column++) {
      const from = spans[first + 2 * column]!, to = spans[first + 2 * column + 1]!;
      if (to - from <= EMPTY) continue;
      if (put > list + 1) out[put++] = COMMA;
      copy(keys[column]!);
      copy(bytes, from, to);
      out[put++] = CLOSE;
    }
    out[put++] = CLOSE_LIST;
    own[4 * row + 3] = put;
    out[put++] = CLOSE;
    out[put++] = LF;
  }
  rows[count] = put;
  return {
    bytes: out.subarray(0, put),
    rows,
    times,
    columns: { names: ["customer_id", "changes"], spans: own },
    ...(places === undefined ? {} : { places }),
  };
}
