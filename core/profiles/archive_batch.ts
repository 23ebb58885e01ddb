/**
 * Archived events as a batch: the lines of a member with their values indexed, as they were when they came in.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import type { JsonValue, Row } from "../contracts/records.ts";
import { type IndexedBatch, indexRows } from "./indexed_batch.ts";

const encoder = new TextEncoder();
const BEFORE = encoder.encode('{"at":'), BETWEEN = encoder.encode(',"data":');
const LF = 10, QUOTE = 34, COMMA = 44, MINUS = 45, ZERO = 48, COLON = 58, OPEN_LIST = 91, BACKSLASH = 92;
const CLOSE_LIST = 93, OPEN = 123, CLOSE = 125;

/** Indexes archive lines (`{"at":…,"data":{…}}`). Those whose fields come in changing orders are read as objects. */
export function indexArchiveLines(lines: Uint8Array): IndexedBatch {
  return new LineIndex(lines).index() ?? indexRows(parseLines(lines));
}

/** Walks the lines once, as long as each holds the fields of the first in their order, some left out perhaps. */
class LineIndex {
  #at = 0;
  readonly #names: string[] = [];
  /** Each field's key as it stands in a line, colon included. */
  readonly #keys: Uint8Array[] = [];

  constructor(private readonly bytes: Uint8Array) {}

  index(): IndexedBatch | undefined {
    const { bytes } = this;
    const count = countLines(bytes);
    const rows = new Uint32Array(count + 1), times = new Float64Array(count);
    let spans = new Uint32Array(0);
    for (let row = 0; row < count; row++) {
      if (!this.#skip(BEFORE)) return undefined;
      times[row] = this.#integer();
      if (!this.#skip(BETWEEN) || bytes[this.#at] !== OPEN) return undefined;
      rows[row] = this.#at++;
      if (row === 0) {
        const first = this.#firstRow();
        if (first === undefined) return undefined;
        spans = new Uint32Array(2 * count * this.#names.length);
        spans.set(first);
      } else if (!this.#nextRow(spans, 2 * row * this.#names.length)) return undefined;
      // The data's brace, the line's, and its end.
      this.#at += 3;
    }
    rows[count] = bytes.length;
    return { bytes, rows, times, columns: { names: this.#names, spans } };
  }

  #firstRow(): number[] | undefined {
    const { bytes } = this;
    const spans: number[] = [];
    while (bytes[this.#at] !== CLOSE) {
      if (spans.length > 0) this.#at++;
      const start = this.#at;
      this.#string();
      const name = JSON.parse(new TextDecoder().decode(bytes.subarray(start, this.#at)));
      if (bytes[this.#at++] !== COLON || this.#names.includes(name)) return undefined;
      this.#names.push(name);
      this.#keys.push(bytes.slice(start, this.#at));
      spans.push(this.#at);
      this.#value();
      spans.push(this.#at);
    }
    return spans;
  }

  #nextRow(spans: Uint32Array, first: number): boolean {
    const { bytes } = this;
    const start = this.#at;
    for (let column = 0; bytes[this.#at] !== CLOSE; column++) {
      if (column === this.#keys.length) return false;
      const comma = this.#at > start ? 1 : 0;
      if (!this.#startsWith(this.#keys[column]!, this.#at + comma)) continue;
      this.#at += comma + this.#keys[column]!.length;
      spans[first + 2 * column] = this.#at;
      this.#value();
      spans[first + 2 * column + 1] = this.#at;
    }
    return true;
  }

  #startsWith(key: Uint8Array, at: number): boolean {
    for (let index = 0; index < key.length; index++) if (this.bytes[at + index] !== key[index]) return false;
    return true;
  }

  #skip(text: Uint8Array): boolean {
    const there = this.#startsWith(text, this.#at);
    this.#at += text.length;
    return there;
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

  /** Passes over a string that starts here. */
  #string(): void {
    const { bytes } = this;
    let at = this.#at + 1;
    for (; bytes[at] !== QUOTE && at < bytes.length; at++) if (bytes[at] === BACKSLASH) at++;
    this.#at = at + 1;
  }

  /** Passes over any value. */
  #value(): void {
    const { bytes } = this;
    const first = bytes[this.#at];
    if (first === QUOTE) return this.#string();
    let depth = 0;
    for (; this.#at < bytes.length; this.#at++) {
      const byte = bytes[this.#at];
      if (byte === QUOTE) {
        this.#string();
        this.#at--;
      } else if (byte === OPEN || byte === OPEN_LIST) depth++;
      else if (byte === CLOSE || byte === CLOSE_LIST) {
        if (depth === 0) return;
        depth--;
      } else if (byte === COMMA && depth === 0) return;
    }
  }
}

function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) count++;
  return count;
}

function parseLines(lines: Uint8Array): Row[] {
  return new TextDecoder().decode(lines).split("\n").slice(0, -1).map((line): Row => {
    const { at, data }: { at: number; data: { [key: string]: JsonValue } } = parseJson(line);
    return { fields: data, time: at };
  });
}
