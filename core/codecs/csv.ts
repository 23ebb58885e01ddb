/**
 * Reads CSV bytes into batches of JSON rows, in constant memory.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { giveBackPiece } from "../contracts/give_back.ts";
import type { RecordBatch } from "../contracts/records.ts";
import { BatchBuffer } from "./csv_batch.ts";
import { nameColumns, readHeaderRecord, readSeparatorLine } from "./csv_header.ts";
import {
  CSV_MAX_RECORD_BYTES,
  type CsvChunk,
  type CsvHeader,
  type CsvOptions,
  type CsvPosition,
  parseDelimiter,
} from "./csv_options.ts";
import { RecordScanner } from "./csv_scanner.ts";
import { PlaceList } from "./row_places.ts";
import { refuseBinary, SNIFF_BYTES } from "./csv_sniff.ts";

/** Input is scanned in pieces of this size, which bounds the window. */
const PIECE_BYTES = 262_144;

const BATCH_BYTES = 1_048_576;
const BATCH_ROWS = 50_000;

/**
 * A CSV reader that is pushed to: the synchronous core of {@linkcode openCsv}.
 *
 * It reads RFC 4180 and what files in the wild hold beyond it:
 * - Lines end with LF, CRLF or CR, mixed as they like. A UTF-8 byte order mark is dropped.
 * - A quote counts only as the first byte of a cell; in an unquoted cell it is an ordinary character.
 * - A first line such as `sep=;` names the delimiter and is no row; a delimiter that is given stands above it.
 * - Blank lines are no rows, in a file of one column too. Values are never trimmed.
 * - A short row is accepted without its missing cells; a long one when every cell past the header's last is empty.
 * - Every value is a JSON string, written as `JSON.stringify` would.
 *
 * What it rejects:
 * - The row, when it holds a NUL, bytes that are not UTF-8, too many cells, or more than `maxRecordBytes`.
 * - Only the **first line** of a record that is malformed: text after a closing quote, a quote that the file never
 *   closes, no end within 16 times `maxRecordBytes`, or too many cells over several lines. Reading goes on at the next
 *   line, so a stray quote costs one line. From there until the next row with as many cells as the header (or as the
 *   last accepted row), rows of any other length are rejected too, a line at a time: they may be the rest of a quoted
 *   cell.
 *
 * Peak memory is a few batches plus twice the longest record, or 32 times `maxRecordBytes` beside one that is longer. Batches are the caller's: nothing writes
 * to them later, unless they are given back.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { CsvReader } from "@waybill/waybill/codecs";
 *
 * const reader = new CsvReader();
 * const chunks = [
 *   ...reader.push(new TextEncoder().encode("id,name\n1,Ann\n2,")),
 *   ...reader.push(new TextEncoder().encode('"Bob ""B"""\n')),
 *   ...reader.finish(),
 * ];
 * const lines = chunks.map((chunk) => new TextDecoder().decode(chunk.batch.bytes)).join("");
 * assert.equal(lines, '{"id":"1","name":"Ann"}\n{"id":"2","name":"Bob \\"B\\""}\n');
 * ```
 */
export class CsvReader {
  #header: CsvHeader | undefined;
  #scanner: RecordScanner | undefined;
  #batch: BatchBuffer | undefined;
  #head: Uint8Array = new Uint8Array(0);
  #need = SNIFF_BYTES;
  #records = false;
  readonly #places: PlaceList | undefined;
  readonly #name: string;
  readonly #delimiter: string | undefined;
  readonly #maxRecordBytes: number;

  /** Throws a `Failure` of kind `config` for a delimiter or, when resumed, a field that cannot be. */
  constructor(private readonly options: CsvOptions = {}) {
    this.#places = options.places === true ? new PlaceList() : undefined;
    this.#name = options.name ?? "CSV";
    this.#delimiter = options.delimiter === undefined ? undefined : parseDelimiter(options.delimiter);
    this.#maxRecordBytes = options.maxRecordBytes ?? CSV_MAX_RECORD_BYTES;
    if (options.resume !== undefined) {
      this.#records = true;
      const { names, position } = options.resume;
      this.#start({ names, notes: [], delimiter: this.#delimiter ?? parseDelimiter() }, position);
    }
  }

  /** The header; `undefined` until enough of the file was pushed (8 KiB, or all of a smaller file). */
  get header(): CsvHeader | undefined {
    return this.#header;
  }

  /**
   * Reads on; returns the chunks that became full.
   *
   * Throws a `Failure` of kind `data` when the file is no CSV text or its header cannot be read, `config` when a
   * field is not in the header.
   */
  push(bytes: Uint8Array): CsvChunk[] {
    const chunks: CsvChunk[] = [];
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      if (this.#scanner === undefined) this.#readHead(piece, false);
      else this.#scanner.append(piece);
      this.#scan(chunks, false);
    }
    return chunks;
  }

  /** Takes back a batch that nobody reads any more: its memory serves one to come. */
  recycle(batch: RecordBatch): void {
    this.#batch?.recycle(batch);
  }

  /**
   * Ends the file; returns what is left.
   *
   * Throws a `Failure` of kind `data` when the file is empty or holds a header and nothing else.
   */
  finish(): CsvChunk[] {
    const chunks: CsvChunk[] = [];
    if (this.#scanner === undefined) this.#readHead(new Uint8Array(0), true);
    this.#scan(chunks, true);
    this.#take(chunks);
    if (!this.#records) {
      throw new Failure("data", `File "${this.#name}" holds a header and no rows`, {
        hint: "Check that the file was written completely",
      });
    }
    return chunks;
  }

  #scan(chunks: CsvChunk[], final: boolean): void {
    while (this.#scanner?.scan(final) === "chunk") this.#take(chunks);
  }

  #take(chunks: CsvChunk[]): void {
    if (this.#scanner === undefined || this.#batch === undefined) return;
    const places = this.#places === undefined ? {} : { places: this.#places.take() };
    const batch = { ...this.#batch.take(), ...places };
    const rejected = this.#scanner.takeRejected();
    if (batch.times.length > 0 || rejected.length > 0) this.#records = true;
    chunks.push({ batch, rejected, position: this.#scanner.position });
  }

  /** Collects the start of the file until it holds the header, then starts the scanner. */
  #readHead(piece: Uint8Array, final: boolean): void {
    const head = new Uint8Array(this.#head.length + piece.length);
    head.set(this.#head);
    head.set(piece, this.#head.length);
    this.#head = head;
    if (head.length < this.#need && !final) return;
    const bom = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
    const separator = readSeparatorLine(head.subarray(bom));
    const delimiter = this.#delimiter ?? separator?.delimiter ?? parseDelimiter();
    refuseBinary(head, this.#name, delimiter);
    const first = bom + (separator?.next ?? 0);
    const record = readHeaderRecord(head.subarray(first), new TextEncoder().encode(delimiter), final, this.#name);
    if ((record?.next ?? head.length) > this.#maxRecordBytes) {
      throw new Failure("data", `The header of "${this.#name}" is longer than ${this.#maxRecordBytes} bytes`, {
        hint: "Check the line ends and the quotes of the first line",
      });
    }
    if (record === undefined) {
      this.#need = 2 * head.length;
      return;
    }
    const offset = first + record.next;
    const line = 1 + record.lines + (separator === undefined ? 0 : 1);
    this.#head = new Uint8Array(0);
    const named = nameColumns(record.cells, delimiter, this.#name);
    const header = separator === undefined || separator.delimiter === delimiter ? named : {
      ...named,
      notes: [`The first line says ${separator.text}, but the delimiter given is "${delimiter}"`, ...named.notes],
    };
    const scanner = this.#start(header, { offset, line, cells: 0, recovering: false });
    scanner.append(head.subarray(offset));
  }

  #start(header: CsvHeader, position: CsvPosition): RecordScanner {
    const { fields = [], batchBytes = BATCH_BYTES, batchRows = BATCH_ROWS } = this.options;
    const known = new Set(header.names);
    for (const field of fields) {
      if (known.has(field)) continue;
      throw new Failure("config", `Column "${field}" is not in the header of "${this.#name}"`, {
        hint: `Choose from ${header.names.slice(0, 50).join(", ")}`,
      });
    }
    const kept = fields.length === 0 ? known : new Set(fields);
    const selected: string[] = [];
    const slots = Int32Array.from(header.names, (name) => kept.has(name) ? selected.push(name) - 1 : -1);
    this.#batch = new BatchBuffer(selected, { bytes: batchBytes, rows: batchRows });
    this.#scanner = new RecordScanner({
      delimiter: new TextEncoder().encode(header.delimiter),
      slots,
      maxRecordBytes: this.#maxRecordBytes,
      position,
      places: this.#places,
    }, this.#batch);
    this.#header = header;
    return this.#scanner;
  }
}

/** A CSV file being read: its header, then its chunks. */
export interface CsvFile extends AsyncDisposable {
  /** The file's columns. */
  readonly header: CsvHeader;
  /** The records; can be iterated once. Ending the iteration early closes the source. */
  readonly chunks: AsyncIterable<CsvChunk>;
  /** Takes back a batch that nobody reads any more: its memory serves one to come. */
  recycle(batch: RecordBatch): void;
}

/**
 * Reads the header of a CSV file; its rows follow as they are asked for.
 *
 * Semantics, limits and failures are those of {@linkcode CsvReader}. Dispose of the file, or iterate `chunks` (to the
 * end or not), to close the source.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openCsv } from "@waybill/waybill/codecs";
 *
 * await using csv = await openCsv(new Blob(["id;name\n1;Ann\n"]).stream(), { delimiter: ";" });
 * assert.deepEqual(csv.header.names, ["id", "name"]);
 * for await (const { batch } of csv.chunks) assert.equal(batch.times.length, 1);
 * ```
 */
export async function openCsv(
  source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  options: CsvOptions = {},
): Promise<CsvFile> {
  const reader = new CsvReader(options);
  const input = source[Symbol.asyncIterator]();
  const close = async () => {
    await input.return?.();
  };
  const first: CsvChunk[] = [];
  let ended = false;
  let header = reader.header;
  try {
    while (header === undefined) {
      const { value, done } = await input.next();
      first.push(...(done ? reader.finish() : reader.push(value)));
      header = reader.header;
      ended = done === true;
    }
  } catch (error) {
    await close();
    throw error;
  }
  async function* chunks(): AsyncGenerator<CsvChunk, void, undefined> {
    try {
      yield* first;
      while (!ended) {
        const { value, done } = await input.next();
        ended = done === true;
        if (done) yield* reader.finish();
        else {
          // A chunk at a time: the next is written into the memory that comes back meanwhile.
          for (let at = 0; at < value.length; at += PIECE_BYTES) {
            yield* reader.push(value.subarray(at, at + PIECE_BYTES));
          }
          if (options.ownsSource) giveBackPiece(value);
        }
      }
    } finally {
      await close();
    }
  }
  return { header, chunks: chunks(), recycle: (batch) => reader.recycle(batch), [Symbol.asyncDispose]: close };
}
