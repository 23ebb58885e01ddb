/**
 * Archived events as a batch: the lines of a member with their values indexed, as they were when they came in.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import type { JsonValue, Row } from "../contracts/records.ts";
import { grown } from "../contracts/give_back.ts";
import { quoteOrBackslash, sameBytes, viewOf } from "./byte_stretches.ts";
import { type IndexedBatch, indexRows } from "./indexed_batch.ts";

const encoder = new TextEncoder();
const BEFORE = encoder.encode('{"at":'), BETWEEN = encoder.encode(',"data":');
const QUOTE = 34, COMMA = 44, MINUS = 45, ZERO = 48, COLON = 58, OPEN_LIST = 91, BACKSLASH = 92;
const CLOSE_LIST = 93, OPEN = 123, CLOSE = 125;

/** Indexes archive lines (`{"at":…,"data":{…}}`). Those whose fields come in changing orders are read as objects. */
export function indexArchiveLines(lines: Uint8Array): IndexedBatch {
  return new LineIndex(lines).index() ?? indexRows(parseLines(lines));
}

/** Walks the lines once, as long as each holds the fields of the first in their order, some left out perhaps. */
class LineIndex {
  #at = 0;
  readonly #names: string[] = [];
  /** Where each field's key stands in the first line, colon included. */
  readonly #keys: { readonly start: number; readonly size: number }[] = [];
  readonly #view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.#view = viewOf(bytes);
  }

  index(): IndexedBatch | undefined {
    const { bytes } = this;
    let count = 0, width = 0, room = 0;
    let rows = new Uint32Array(1), times = new Float64Array(0), spans = new Uint32Array(0);
    for (; this.#at < bytes.length; count++) {
      const line = this.#at;
      if (!this.#skip(BEFORE)) return undefined;
      const time = this.#integer();
      if (!this.#skip(BETWEEN) || bytes[this.#at] !== OPEN) return undefined;
      const row = this.#at++;
      const first = count === 0 ? this.#firstRow() : undefined;
      if (count === 0) {
        if (first === undefined) return undefined;
        width = 2 * this.#names.length;
      }
      if (count === room) {
        // As many as there would be if they were all as long as those so far, and some more.
        const left = (bytes.length - line) * Math.max(count, 1) / Math.max(line, this.#at - line);
        room += Math.ceil(1.05 * left) + 16;
        rows = grown(rows, new Uint32Array(room + 1));
        times = grown(times, new Float64Array(room));
        spans = grown(spans, new Uint32Array(room * width));
      }
      rows[count] = row;
      times[count] = time;
      if (first !== undefined) spans.set(first);
      else if (!this.#nextRow(spans, count * width)) return undefined;
      // The data's brace, the line's, and its end.
      this.#at += 3;
    }
    rows[count] = bytes.length;
    return {
      bytes,
      rows: rows.subarray(0, count + 1),
      times: times.subarray(0, count),
      columns: { names: this.#names, spans: spans.subarray(0, count * width) },
    };
  }

  #firstRow(): number[] | undefined {
    const { bytes } = this;
    const spans: number[] = [];
    while (bytes[this.#at] !== CLOSE) {
      if (spans.length > 0) this.#at++;
      const start = this.#at;
      this.#at = this.#afterString(start);
      const name = JSON.parse(new TextDecoder().decode(bytes.subarray(start, this.#at)));
      if (bytes[this.#at++] !== COLON || this.#names.includes(name)) return undefined;
      this.#names.push(name);
      this.#keys.push({ start, size: this.#at - start });
      spans.push(this.#at);
      this.#at = this.#afterValue(this.#at);
      spans.push(this.#at);
    }
    return spans;
  }

  #nextRow(spans: Uint32Array, first: number): boolean {
    const { bytes } = this, keys = this.#keys, view = this.#view;
    const start = this.#at;
    let at = start;
    for (let column = 0; bytes[at] !== CLOSE; column++) {
      if (column === keys.length) return false;
      const { start: own, size } = keys[column]!, key = at > start ? at + 1 : at;
      if (key + size > bytes.length || !sameBytes(view, own, view, key, size)) continue;
      at = key + size;
      spans[first + 2 * column] = at;
      at = this.#afterValue(at);
      spans[first + 2 * column + 1] = at;
    }
    this.#at = at;
    return true;
  }

  #skip(text: Uint8Array): boolean {
    const { bytes } = this, at = this.#at;
    this.#at += text.length;
    for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false;
    return true;
  }

  #integer(): number {
    const { bytes } = this;
    const negative = bytes[this.#at] === MINUS;
    if (negative) this.#at++;
    let value = 0;
    for (; bytes[this.#at] !== COMMA && this.#at < bytes.length; this.#at++) {
      value = 10 * value + bytes[this.#at]! - ZERO;
    }
    return negative ? -value : value;
  }

  /** Where the string ends that starts at a byte. */
  #afterString(start: number): number {
    const { bytes } = this, { length } = bytes;
    let at = start + 1;
    for (;;) {
      at = quoteOrBackslash(this.#view, at, length);
      if (bytes[at] !== BACKSLASH) return at + 1;
      at += 2;
    }
  }

  /** Where any value ends that starts at a byte. */
  #afterValue(start: number): number {
    const { bytes } = this;
    if (bytes[start] === QUOTE) return this.#afterString(start);
    let depth = 0;
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === QUOTE) at = this.#afterString(at) - 1;
      else if (byte === OPEN || byte === OPEN_LIST) depth++;
      else if (byte === CLOSE || byte === CLOSE_LIST) {
        if (depth === 0) return at;
        depth--;
      } else if (byte === COMMA && depth === 0) return at;
    }
    return bytes.length;
  }
}

function parseLines(lines: Uint8Array): Row[] {
  return new TextDecoder().decode(lines).split("\n").slice(0, -1).map((line): Row => {
    const { at, data }: { at: number; data: { [key: string]: JsonValue } } = parseJson(line);
    return { fields: data, time: at };
  });
}
