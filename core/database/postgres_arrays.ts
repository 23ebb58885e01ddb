/**
 * Lists as parameters of PostgreSQL statements, in its binary form: `unnest($1::bigint[])` reads them as rows.
 *
 * The text form costs more on both sides, most of all for JSON, in which every quote would be escaped. The binary one
 * is that of `array_send` (src/backend/utils/adt/arrayfuncs.c): dimensions, flags, element type, then each element
 * with its length.
 *
 * @module
 */

/** Ids of the element types (`select oid, typname from pg_type`). */
const INT8 = 20;
const TEXT = 25;

const HEADER = 20;
const NULL = -1;
/** Most bytes of UTF-8 that a UTF-16 code unit becomes. */
const BYTES_PER_UNIT = 3;

const encoder = new TextEncoder();

/** A `bigint[]` of `count` whole numbers up to 2^53. */
export function packIntegers(count: number, valueAt: (index: number) => number): Uint8Array {
  const bytes = new Uint8Array(HEADER + 12 * count);
  const view = new DataView(bytes.buffer);
  writeHeader(view, count, INT8);
  for (let index = 0, at = HEADER; index < count; index++, at += 12) {
    const value = valueAt(index);
    view.setInt32(at, 8);
    view.setInt32(at + 4, Math.floor(value / 2 ** 32));
    view.setUint32(at + 8, value % 2 ** 32);
  }
  return bytes;
}

/** A `text[]` of `count` texts, which may be there as UTF-8, or nulls. */
export function packTexts(count: number, valueAt: (index: number) => string | Uint8Array | null): Uint8Array {
  let bytes = new Uint8Array(HEADER + 256 * count);
  let view = new DataView(bytes.buffer);
  let at = HEADER;
  for (let index = 0; index < count; index++) {
    const value = valueAt(index);
    const most = at + 4 + (value === null ? 0 : BYTES_PER_UNIT * value.length);
    if (most > bytes.length) {
      const larger = new Uint8Array(Math.max(most, 2 * bytes.length));
      larger.set(bytes.subarray(0, at));
      bytes = larger;
      view = new DataView(bytes.buffer);
    }
    const length = value === null ? NULL : writeText(value, bytes.subarray(at + 4));
    view.setInt32(at, length);
    at += 4 + Math.max(0, length);
  }
  writeHeader(view, count, TEXT);
  return bytes.subarray(0, at);
}

/** Writes a text as UTF-8; gives the number of its bytes. */
function writeText(text: string | Uint8Array, into: Uint8Array): number {
  if (typeof text === "string") return encoder.encodeInto(text, into).written;
  into.set(text);
  return text.length;
}

/** One dimension that starts at 1, or none for an empty list. The flag for nulls is a hint that the server checks. */
function writeHeader(view: DataView, count: number, type: number): void {
  view.setInt32(0, 1);
  view.setInt32(4, 1);
  view.setInt32(8, type);
  view.setInt32(12, count);
  view.setInt32(16, 1);
}
