/**
 * Puts lines together from pieces of a file, and chunks from what somebody makes of the lines.
 *
 * @module
 */
import { giveBackPiece } from "../contracts/give_back.ts";
import type { RejectedRow, RowPlaces } from "../contracts/records.ts";
import { PlaceList } from "./row_places.ts";

/** Longest line that is read, its line end not counted; a longer one is rejected. 1 MiB, as of a CSV record. */
export const JSON_MAX_LINE_BYTES = 1_048_576;

/** Rejected lines keep this much of their bytes. */
const RAW_BYTES = 65_536;

/** After so many bytes of the file, or rows, a chunk is handed out. */
const CHUNK_BYTES = 1 << 20;
const CHUNK_ROWS = 20_000;

const LF = 10, CR = 13, SPACE = 32, TAB = 9;

/** What lines become. */
export interface LineStore<Rows> {
  /** Rows since the last were taken. */
  readonly count: number;
  /** Whether they should be taken before there are more. */
  readonly isFull: boolean;
  /**
   * Reads the line between `start` and `end`: true for a row more, a reason where it is none. False: there is no room
   * for it, and the rows are to be taken first.
   */
  add(bytes: Uint8Array, start: number, end: number): string | boolean;
  /** Hands out the rows. */
  take(): Rows;
}

/** Some lines of a file. */
export interface LineChunk<Rows> {
  readonly rows: Rows;
  readonly rejected: readonly RejectedRow[];
  /** Where the rows stand, where that was asked for. */
  readonly places?: RowPlaces;
  readonly position: { readonly offset: number; readonly line: number };
}

/** Where to start, and how many lines a chunk has. */
export interface LineOptions {
  readonly position?: { readonly offset: number; readonly line: number };
  readonly batchRows?: number | undefined;
  /** Whether to tell where each row stands. */
  readonly places?: boolean | undefined;
  /** Whether nobody else reads the source. */
  readonly ownsSource?: boolean | undefined;
}

/** Reads lines into a store, and hands out what it holds from time to time. */
export async function* readLines<Rows>(
  source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  store: LineStore<Rows>,
  { position = { offset: 0, line: 1 }, batchRows = CHUNK_ROWS, places = false, ownsSource = false }: LineOptions,
): AsyncGenerator<LineChunk<Rows>, void, undefined> {
  const lines = new LineReader(store, position, places ? new PlaceList() : undefined);
  for await (const bytes of source) {
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      while (!lines.end(bytes, start, end + 1)) yield lines.take();
      start = end + 1;
      if (lines.isFull(batchRows)) yield lines.take();
    }
    lines.keep(bytes.subarray(start));
    // Rows and the rest of a line are copies.
    if (ownsSource) giveBackPiece(bytes);
  }
  while (!lines.end(new Uint8Array(0), 0, 0)) yield lines.take();
  if (!lines.isEmpty) yield lines.take();
}

/** Cuts lines, and counts them and their bytes. */
class LineReader<Rows> {
  #offset: number;
  #line: number;
  /** The line so far, but for what is over the limit, and its whole length. */
  #parts: Uint8Array[] = [];
  #length = 0;
  #rejected: RejectedRow[] = [];
  #since: number;

  constructor(
    private readonly store: LineStore<Rows>,
    { offset, line }: { offset: number; line: number },
    private readonly places: PlaceList | undefined,
  ) {
    this.#offset = this.#since = offset;
    this.#line = line;
  }

  get isEmpty(): boolean {
    return this.store.count + this.#rejected.length === 0;
  }

  isFull(rows: number): boolean {
    const count = this.store.count + this.#rejected.length;
    return count >= rows || (count > 0 && this.#offset - this.#since >= CHUNK_BYTES) || this.store.isFull;
  }

  /** Takes a piece of a line that goes on. */
  keep(piece: Uint8Array): void {
    if (piece.length === 0) return;
    if (this.#length <= JSON_MAX_LINE_BYTES) this.#parts.push(piece.slice(0, JSON_MAX_LINE_BYTES + 2));
    this.#length += piece.length;
  }

  /**
   * Takes the last piece of a line, its LF included where it has one. False, with nothing done, where what was read has
   * to be taken first.
   */
  end(bytes: Uint8Array, start: number, end: number): boolean {
    const length = this.#length + end - start;
    if (length === 0) return true;
    if (this.#parts.length === 0) {
      if (!this.#read(bytes, start, end, length)) return false;
    } else {
      const whole = joined([...this.#parts, bytes.subarray(start, Math.min(end, start + JSON_MAX_LINE_BYTES + 2))]);
      if (!this.#read(whole, 0, whole.length, length)) return false;
      this.#parts = [];
    }
    this.#offset += length;
    this.#line++;
    this.#length = 0;
    return true;
  }

  take(): LineChunk<Rows> {
    const chunk = {
      rows: this.store.take(),
      rejected: this.#rejected,
      ...(this.places === undefined ? {} : { places: this.places.take() }),
      position: { offset: this.#offset, line: this.#line },
    };
    this.#rejected = [];
    this.#since = this.#offset;
    return chunk;
  }

  #read(bytes: Uint8Array, from: number, to: number, length: number): boolean {
    const start = this.#offset === 0 && isMarked(bytes, from) ? from + 3 : from;
    let end = to;
    if (to - from === length) { while (end > start && isBlank(bytes[end - 1])) end--; }
    if (end === start) return true;
    const added = end - start > JSON_MAX_LINE_BYTES
      ? `Is longer than ${JSON_MAX_LINE_BYTES} bytes`
      : this.store.add(bytes, start, end);
    if (added === true) this.places?.add(this.#line, this.#offset);
    if (typeof added !== "string") return added;
    const raw = bytes.slice(start, Math.min(end, start + RAW_BYTES));
    this.#rejected.push({ raw, offset: this.#offset, line: this.#line, reason: added });
    return true;
  }
}

function isMarked(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;
}

/** Whether a byte says nothing around a record. */
export function isBlank(byte: number | undefined): boolean {
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
