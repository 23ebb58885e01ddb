/**
 * Turns what a plugin emits into the one form the engine works on: JSON lines whose top-level values are indexed.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import { isUtf8 } from "node:buffer";
import { Failure } from "../contracts/failure.ts";
import { type ColumnIndex, isRecordBatch, type RecordBatch, type Row } from "../contracts/records.ts";

/** A batch whose columns are known. A value's span may hold any JSON, not strings alone. */
export type IndexedBatch = RecordBatch & { readonly columns: ColumnIndex };

/** Most bytes in one batch. */
export const MAX_BATCH_BYTES = 64 << 20;
/** Most rows in one batch. */
export const MAX_BATCH_ROWS = 1_000_000;

/** Longest name of a field, in bytes: it has to fit into an index. */
export const MAX_NAME_BYTES = 1_024;

/** Furthest time from the Unix epoch, in milliseconds, that dates know (ECMA-262, "Time Values and Time Range"). */
const MAX_TIME = 8.64e15;

const encoder = new TextEncoder();
const LF = 10, QUOTE = 34, COLON = 58, LETTER_N = 110, OPEN = 123, CLOSE = 125;

/**
 * Checks and indexes what `emit` was given.
 *
 * A batch that breaks its own contract is a bug of the plugin: a TypeError that says which rule. A time that is no date,
 * or a name longer than {@linkcode MAX_NAME_BYTES}, is a Failure `data`.
 */
export function indexRows(rows: RecordBatch | readonly Row[]): IndexedBatch {
  if (!isRecordBatch(rows)) return encodeRows(rows);
  checkLines(rows);
  if (rows.columns === undefined) {
    const { places } = rows, parsed = encodeRows(parseRows(rows));
    return places === undefined ? parsed : { ...parsed, places };
  }
  checkSpans(rows, rows.columns);
  return rows as IndexedBatch;
}

function checkLines({ bytes, rows, times, places }: RecordBatch): void {
  const count = times.length;
  if (places !== undefined && (places.lines.length !== count || places.offsets.length !== count)) {
    throw new TypeError("A record batch's `places` must have an entry for each row");
  }
  if (bytes.length > MAX_BATCH_BYTES || count > MAX_BATCH_ROWS) {
    throw new TypeError(`A record batch holds at most ${MAX_BATCH_BYTES} bytes and ${MAX_BATCH_ROWS} rows`);
  }
  if (rows.length !== count + 1 || rows[0] !== 0 || rows[count] !== bytes.length) {
    throw new TypeError(
      "A record batch's `rows` must start at 0, end at `bytes.length` and have one entry more than `times`",
    );
  }
  if (!isUtf8(bytes)) throw new TypeError("A record batch's `bytes` must be UTF-8");
  for (let row = 0; row < count; row++) {
    const start = rows[row]!, end = rows[row + 1]!;
    if (end - start < 3 || bytes[start] !== OPEN || bytes[end - 2] !== CLOSE || bytes[end - 1] !== LF) {
      throw new TypeError(`Row ${row} of a record batch is not one JSON object and a line feed`);
    }
    const time = times[row]!;
    if (!isTime(time)) {
      throw new TypeError(
        `Row ${row} of a record batch has the time ${time}, no whole number of milliseconds that is a date`,
      );
    }
  }
}

/** Whether it is NaN, which stands for the run's first start, or a time that can be shown as a date. */
function isTime(time: number): boolean {
  return Number.isNaN(time) || (Number.isInteger(time) && Math.abs(time) <= MAX_TIME);
}

function checkSpans({ bytes, rows }: RecordBatch, { names, spans }: ColumnIndex): void {
  const width = names.length;
  if (spans.length !== 2 * width * (rows.length - 1)) {
    throw new TypeError("A record batch's `spans` must have two entries for each row and column");
  }
  if (new Set(names).size !== width) throw new TypeError("A record batch's column names must be unique");
  checkNames(names);
  // Between a key's first byte and its value's: were it more, a value without a span would lie there.
  const keyBytes = Uint32Array.from(names, (name) => encoder.encode(`${JSON.stringify(name)}:`).length);
  for (let row = 0, at = 0; row < rows.length - 1; row++) {
    // Where the next key must start: after the brace, or after the comma behind a value.
    const first = rows[row]! + 1;
    let key = first;
    const end = rows[row + 1]! - 2;
    for (let column = 0; column < width; column++, at += 2) {
      const from = spans[at]!, to = spans[at + 1]!;
      if (from === to) continue;
      if (
        from !== key + keyBytes[column]! || to <= from || to > end || bytes[key] !== QUOTE || bytes[from - 1] !== COLON
      ) {
        throw new TypeError(`Row ${row} of a record batch is not what its spans say, or holds white space`);
      }
      key = to + 1;
    }
    if (key !== end + 1 && (key !== first || key !== end)) {
      throw new TypeError(`Row ${row} of a record batch has a value that its spans do not name`);
    }
  }
}

function checkNames(names: readonly string[]): void {
  const long = names.find((name) => 3 * name.length > MAX_NAME_BYTES && encoder.encode(name).length > MAX_NAME_BYTES);
  if (long === undefined) return;
  throw new Failure("data", `The name of the field "${long.slice(0, 40)}…" is longer than ${MAX_NAME_BYTES} bytes`, {
    hint: "Give the field another name before it is imported",
  });
}

function parseRows({ bytes, rows, times }: RecordBatch): Row[] {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return Array.from(times, (time, row) => {
    let fields: Row["fields"];
    try {
      fields = parseJson(decoder.decode(bytes.subarray(rows[row], rows[row + 1])));
    } catch (cause) {
      throw new TypeError(`Row ${row} of a record batch is not one JSON object and a line feed`, { cause });
    }
    return Number.isNaN(time) ? { fields } : { fields, time };
  });
}

function encodeRows(rows: readonly Row[]): IndexedBatch {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.fields)))];
  checkNames(names);
  const width = names.length;
  let bytes: Uint8Array<ArrayBuffer> = new Uint8Array(65_536);
  let length = 0;
  const put = (text: string) => {
    while (bytes.length - length < text.length * 3) {
      const larger = new Uint8Array(bytes.length * 2);
      larger.set(bytes);
      bytes = larger;
    }
    length += encoder.encodeInto(text, bytes.subarray(length)).written;
  };
  const starts = new Uint32Array(rows.length + 1);
  const times = new Float64Array(rows.length);
  const spans = new Uint32Array(2 * width * rows.length);
  rows.forEach(({ fields, time = NaN }, row) => {
    if (!isTime(time)) {
      throw new Failure(
        "data",
        `Row ${row} of a batch has the time ${time}, which is no whole number of milliseconds that is a date`,
      );
    }
    times[row] = time;
    let separator = "{";
    names.forEach((name, column) => {
      const value = Object.hasOwn(fields, name) ? JSON.stringify(fields[name]) : undefined;
      if (value === undefined) return;
      put(`${separator}${JSON.stringify(name)}:`);
      separator = ",";
      spans[2 * (row * width + column)] = length;
      put(value);
      spans[2 * (row * width + column) + 1] = length;
    });
    put(separator === "{" ? "{}\n" : "}\n");
    starts[row + 1] = length;
  });
  return { bytes: bytes.subarray(0, length), rows: starts, times, columns: { names, spans } };
}

/** Whether a value's JSON says nothing: the key is missing, or it is an empty string or null. */
export function isEmptyValue(bytes: Uint8Array, from: number, size: number): boolean {
  return size === 0 || (size === 2 && bytes[from] === QUOTE) || (size === 4 && bytes[from] === LETTER_N);
}
