/**
 * Reads JSON lines: one record, which is a JSON object, on each line.
 *
 * @module
 */
import type { RejectedRow } from "../contracts/records.ts";
import { type JsonRecord, readRecord } from "./json_record.ts";

/** Longest line that is read, its line end not counted; a longer one is rejected. 1 MiB, as of a CSV record. */
export const JSON_MAX_LINE_BYTES = 1_048_576;

/** Rejected lines keep this much of their bytes. */
const RAW_BYTES = 65_536;

/** After so many bytes of the file, or rows, a chunk is handed out. */
const CHUNK_BYTES = 4 << 20;
const CHUNK_ROWS = 20_000;

/** Rows × different fields of a chunk: bounds what records without a field in common cost. */
const CHUNK_CELLS = 1 << 20;

const LF = 10, CR = 13, SPACE = 32, TAB = 9;

/** Where a reader stands between two lines: all it needs to go on. Plain JSON, so a checkpoint can hold it. */
export interface JsonLinesPosition {
  /** Bytes read so far, from the start of the file. */
  readonly offset: number;
  /** Number of the next line, from 1. */
  readonly line: number;
}

/** How to read JSON lines. */
export interface JsonLinesOptions {
  /** Where the source starts in the file; at its start unless told. */
  readonly position?: JsonLinesPosition;
  /** Lines after which a chunk is handed out; 20,000, or 4 MiB of them, unless told. */
  readonly batchRows?: number | undefined;
}

/** Some lines of a file. */
export interface JsonLinesChunk {
  /** What was read, in order. */
  readonly records: readonly JsonRecord[];
  /** What could not be read, in order. */
  readonly rejected: readonly RejectedRow[];
  /** Where the next chunk starts. */
  readonly position: JsonLinesPosition;
}

/**
 * Reads records in UTF-8, one on each line; a byte order mark and blank lines are passed over.
 *
 * - A line that is no JSON object, is nested more than 100 deep, has more than 16,384 fields or is longer than 1 MiB is
 *   rejected and costs no other line. So is one with U+0000 or half of a surrogate pair, which databases cannot store.
 * - An integer that a double cannot hold exactly, and a number out of its range, become the text of their digits.
 * - Where a name stands twice in an object, the last counts.
 *
 * Ending the iteration early cancels the source. Memory is a chunk and a line.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readJsonLines } from "@waybill/waybill/codecs";
 *
 * const file = new Blob(['{"id":12345678901234567890}\n{"id":2}\nno JSON\n']);
 * for await (const { records, rejected } of readJsonLines(file.stream())) {
 *   assert.deepEqual(records, [{ id: "12345678901234567890" }, { id: 2 }]);
 *   assert.equal(rejected[0]?.line, 3);
 * }
 * ```
 */
export async function* readJsonLines(
  source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  options: JsonLinesOptions = {},
): AsyncGenerator<JsonLinesChunk, void, undefined> {
  const lines = new LineReader(options.position ?? { offset: 0, line: 1 });
  const { batchRows = CHUNK_ROWS } = options;
  for await (const bytes of source) {
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      lines.end(bytes.subarray(start, end + 1));
      start = end + 1;
      if (lines.isFull(batchRows)) yield lines.take();
    }
    lines.keep(bytes.subarray(start));
  }
  lines.end(new Uint8Array(0));
  if (!lines.isEmpty) yield lines.take();
}

/** Puts lines together from pieces of the file, and chunks from lines. */
class LineReader {
  #offset: number;
  #line: number;
  /** The line so far, but for what is over the limit, and its whole length. */
  #parts: Uint8Array[] = [];
  #length = 0;
  #records: JsonRecord[] = [];
  #rejected: RejectedRow[] = [];
  #fields = new Set<string>();
  #since: number;

  constructor({ offset, line }: JsonLinesPosition) {
    this.#offset = this.#since = offset;
    this.#line = line;
  }

  get isEmpty(): boolean {
    return this.#records.length + this.#rejected.length === 0;
  }

  isFull(rows: number): boolean {
    const count = this.#records.length + this.#rejected.length;
    return count >= rows || (count > 0 && this.#offset - this.#since >= CHUNK_BYTES) ||
      this.#fields.size * this.#records.length >= CHUNK_CELLS;
  }

  /** Takes a piece of a line that goes on. */
  keep(piece: Uint8Array): void {
    if (piece.length === 0) return;
    if (this.#length <= JSON_MAX_LINE_BYTES) this.#parts.push(piece.slice(0, JSON_MAX_LINE_BYTES + 2));
    this.#length += piece.length;
  }

  /** Takes the last piece of a line, its LF included where it has one. */
  end(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length === 0) return;
    if (this.#parts.length === 0) this.#read(piece, length);
    else {
      this.keep(piece);
      this.#read(joined(this.#parts), length);
    }
    this.#offset += length;
    this.#line++;
    this.#parts = [];
    this.#length = 0;
  }

  take(): JsonLinesChunk {
    const { length } = this.#records;
    const chunk = {
      records: this.#records,
      rejected: this.#rejected,
      position: { offset: this.#offset, line: this.#line },
    };
    this.#records = [];
    this.#rejected = [];
    this.#since = this.#offset;
    if (length > 0) this.#fields = new Set();
    return chunk;
  }

  #read(bytes: Uint8Array, length: number): void {
    const start = this.#offset === 0 && isMarked(bytes) ? 3 : 0;
    let end = bytes.length;
    if (bytes.length === length) { while (end > start && isBlank(bytes[end - 1])) end--; }
    if (end === start) return;
    const line = bytes.subarray(start, end);
    const read = line.length > JSON_MAX_LINE_BYTES ? `Is longer than ${JSON_MAX_LINE_BYTES} bytes` : readRecord(line);
    if (typeof read !== "string") {
      this.#records.push(read);
      for (const field in read) this.#fields.add(field);
      return;
    }
    this.#rejected.push({ raw: line.slice(0, RAW_BYTES), offset: this.#offset, line: this.#line, reason: read });
  }
}

function isMarked(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function isBlank(byte: number | undefined): boolean {
  return byte === LF || byte === CR || byte === SPACE || byte === TAB;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
