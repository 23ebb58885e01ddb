/**
 * Reads JSON lines: one record, which is a JSON object, on each line.
 *
 * @module
 */
import type { RecordBatch, RejectedRow } from "../contracts/records.ts";
import { JsonBatch } from "./json_batch.ts";
import { LEFT_OUT } from "./json_columns.ts";
import { isBlank, type LineStore, readLines } from "./json_line_reader.ts";
import { type JsonRecord, readRecord } from "./json_record.ts";
import { JsonScanner } from "./json_scanner.ts";

/** Rows × different fields of a chunk: bounds what records without a field in common cost. */
const CHUNK_CELLS = 1 << 20;

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
  /** Lines after which a chunk is handed out; 20,000, or 1 MiB of them, unless told. */
  readonly batchRows?: number | undefined;
}

/** How to read JSON lines into batches. */
export interface OpenJsonLinesOptions extends JsonLinesOptions {
  /** Fields to keep, by name; none or absent: all. */
  readonly fields?: readonly string[];
  /** Whether the batches are to tell where each row stands in the file. */
  readonly places?: boolean;
  /** A field that each record must have, as text that is not blank or a number; others are rejected. It must be kept. */
  readonly required?: string;
  /**
   * Whether nobody else reads the source: the pieces that a store or a spool of Waybill made are freed as they are read,
   * which keeps tens of MiB from lying about until they are collected.
   */
  readonly ownsSource?: boolean;
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

/** Some lines of a file, as a batch. */
export interface JsonChunk {
  /** What was read, in order; may be none. Its columns are the fields that came up in it. `times` is all NaN. */
  readonly batch: RecordBatch;
  /** What could not be read, in order. */
  readonly rejected: readonly RejectedRow[];
  /** Where the next chunk starts. */
  readonly position: JsonLinesPosition;
}

/** A file of JSON lines being read. */
export interface JsonLinesFile {
  /** The records; can be iterated once. Ending the iteration early closes the source. */
  readonly chunks: AsyncIterable<JsonChunk>;
  /** Takes back a batch that nobody reads any more: its memory serves one to come. */
  recycle(batch: RecordBatch): void;
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
  for await (const { rows: records, rejected, position } of readLines(source, new RecordStore(), options)) {
    yield { records, rejected, position };
  }
}

/**
 * Reads the same into batches, without an object for each record: most lines are already what a batch holds, and are
 * taken as they are. Values stand as `JSON.stringify` writes them, nested ones too.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openJsonLines } from "@waybill/waybill/codecs";
 *
 * const file = openJsonLines(new Blob(['{"id": 1, "tags": ["a"]}\n']).stream());
 * for await (const { batch } of file.chunks) {
 *   assert.equal(new TextDecoder().decode(batch.bytes), '{"id":1,"tags":["a"]}\n');
 *   assert.deepEqual(batch.columns?.names, ["id", "tags"]);
 * }
 * ```
 */
export function openJsonLines(
  source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  options: OpenJsonLinesOptions = {},
): JsonLinesFile {
  const store = new BatchStore(options.fields, options.required);
  async function* chunks(): AsyncGenerator<JsonChunk, void, undefined> {
    for await (const { rows: batch, rejected, position, places } of readLines(source, store, options)) {
      yield { batch: places === undefined ? batch : { ...batch, places }, rejected, position };
    }
  }
  return { chunks: chunks(), recycle: (batch) => store.recycle(batch) };
}

/** Keeps records as objects. */
class RecordStore implements LineStore<readonly JsonRecord[]> {
  #records: JsonRecord[] = [];
  #fields = new Set<string>();

  get count(): number {
    return this.#records.length;
  }

  get isFull(): boolean {
    return this.#fields.size * this.#records.length >= CHUNK_CELLS;
  }

  add(line: Uint8Array, start: number, end: number): string | boolean {
    const read = readRecord(line.subarray(start, end));
    if (typeof read === "string") return read;
    this.#records.push(read);
    for (const field in read) this.#fields.add(field);
    return true;
  }

  take(): readonly JsonRecord[] {
    const records = this.#records;
    this.#records = [];
    this.#fields = new Set();
    return records;
  }
}

const QUOTE = 0x22, SPACE = 0x20, MINUS = 0x2d, ZERO = 0x30, NINE = 0x39;

/** What is wrong with a value that has to be text or a number. */
function problemOfValue(
  value: { readonly bytes: Uint8Array; readonly start: number; readonly end: number } | undefined,
): string | undefined {
  if (value === undefined) return "is missing";
  const { bytes, start, end } = value, first = bytes[start]!;
  if (first === MINUS || (first >= ZERO && first <= NINE)) return undefined;
  if (first !== QUOTE) return "is neither text nor a number";
  for (let at = start + 1; at < end - 1; at++) if (bytes[at] !== SPACE) return undefined;
  return "is empty";
}

/** Keeps records as a batch. */
class BatchStore implements LineStore<RecordBatch> {
  readonly #batch: JsonBatch;
  readonly #scanner: JsonScanner;

  constructor(fields: readonly string[] | undefined, private readonly required: string | undefined) {
    this.#batch = new JsonBatch(fields);
    this.#scanner = new JsonScanner(this.#batch);
  }

  get count(): number {
    return this.#batch.count;
  }

  get isFull(): boolean {
    return this.#batch.isFull;
  }

  add(line: Uint8Array, start: number, end: number): string | boolean {
    let first = start;
    while (isBlank(line[first])) first++;
    const scanned = this.#scanner.scan(line, first, end);
    if (scanned !== "unclear") return scanned === "row" && this.#hasRequired();
    const record = readRecord(line.subarray(start, end));
    if (typeof record === "string") return record;
    return this.#write(record, line, start, end) && this.#hasRequired();
  }

  /** True where the row that was written has what it must have; else it is taken back, and the reason given. */
  #hasRequired(): true | string {
    const { required } = this;
    if (required === undefined) return true;
    const value = this.#batch.last(this.#batch.columns.named(required));
    const problem = problemOfValue(value);
    if (problem === undefined) return true;
    this.#batch.drop();
    return value === undefined ? `Has no "${required}"` : `Has "${required}" that ${problem}`;
  }

  take(): RecordBatch {
    return this.#batch.take();
  }

  recycle(batch: RecordBatch): void {
    this.#batch.recycle(batch);
  }

  #write(record: JsonRecord, line: Uint8Array, start: number, end: number): boolean {
    const { columns, row } = this.#batch;
    row.begin();
    row.isWritten = false;
    for (const [name, value] of Object.entries(record)) {
      const field = columns.named(name);
      if (columns.columns[field] === LEFT_OUT) continue;
      const made = row.made.length;
      row.made.write(JSON.stringify(value));
      row.setMade(field, made);
    }
    return this.#batch.write(line, start, end);
  }
}
