/**
 * The loop that turns CSV bytes into JSON bytes: the product's hottest path.
 *
 * One pass over the input, no string and no object per row. Four habits keep it fast:
 * - The byte after the window is a NUL, so the inner loops test one table entry per byte and no bound.
 * - A cell is written while it is scanned; a record that is bad or incomplete is taken back by the write position.
 * - What is plain is looked through first and then copied by words: half the time of byte by byte.
 * - Only a record's end looks whether all of it had room; one that had not is scanned again into a larger batch.
 *
 * @module
 */
import type { RejectedRow } from "../contracts/records.ts";
import type { BatchBuffer } from "./csv_batch.ts";
import {
  BACKSLASH,
  copyWords,
  CR,
  DELIMITER,
  ESCAPE,
  findLineEnd,
  JSON_ESCAPES,
  LF,
  LINE_FEED,
  PLAIN,
  QUOTE,
  QUOTE_END,
  quotedClasses,
  skipLineEnd,
  startsWith,
  unquotedClasses,
  utf8Length,
  WIDE,
  WORD_SLACK,
} from "./csv_bytes.ts";
import { AFTER_QUOTE, faultSentence, HAS_NUL, INCOMPLETE, NONE, NOT_UTF8, RAGGED, UNCLOSED } from "./csv_faults.ts";
import { linesToOpenQuote } from "./csv_open_quote.ts";
import type { CsvPosition } from "./csv_options.ts";
import type { PlaceList } from "./row_places.ts";

/** Bytes kept of a rejected row: 64 KiB. */
const RAW_LIMIT = 65_536;

/** Rejected rows, and bytes of them, after which a chunk is handed out. */
const REJECTED_LIMIT = 1_000;
const REJECTED_BYTES_LIMIT = 1_048_576;

/** How many times the longest record is looked ahead for the end of a longer one. */
const LOOK_AHEAD = 16;

/** Why {@linkcode RecordScanner.scan} returned: the window holds no whole record any more, or the chunk is full. */
export type ScanStop = "input" | "chunk";

const QUOTED = quotedClasses();

/** What the scanner needs to know about the file. */
export interface ScannerSettings {
  /** The delimiter in UTF-8. */
  readonly delimiter: Uint8Array;
  /** For each column of the file, its place among the kept columns, or -1. */
  readonly slots: Int32Array;
  /** Longest record in bytes. */
  readonly maxRecordBytes: number;
  /** Where the window starts. */
  readonly position: CsvPosition;
  /** Where to keep where each row stands. */
  readonly places?: PlaceList | undefined;
}

/** Scans records from a window of input into a {@linkcode BatchBuffer}. */
export class RecordScanner {
  /** Input not yet consumed; the byte at `end` is a NUL, with {@linkcode WORD_SLACK} more behind it. */
  #window = new Uint8Array(0);
  /** The same memory, as {@linkcode copyWords} reads it. */
  #view = new DataView(this.#window.buffer);
  #start = 0;
  #end = 0;
  /** Length the window must reach before scanning again can help: keeps tiny pushes from scanning quadratically. */
  #need = 1;
  #offset: number;
  #line: number;
  #cells: number;
  #recovering: boolean;
  /** The row whose first line is being passed over because it is too long. */
  #skipped: { raw: Uint8Array; offset: number } | undefined;
  #rejected: RejectedRow[] = [];
  #rejectedBytes = 0;
  readonly #unquoted: Uint8Array;

  constructor(private readonly settings: ScannerSettings, private readonly batch: BatchBuffer) {
    const { offset, line, cells, recovering } = settings.position;
    this.#offset = offset;
    this.#line = line;
    this.#cells = cells;
    this.#recovering = recovering;
    this.#unquoted = unquotedClasses(settings.delimiter);
  }

  /** Where the next record starts. */
  get position(): CsvPosition {
    return {
      offset: this.#skipped?.offset ?? this.#offset,
      line: this.#line,
      cells: this.#cells,
      recovering: this.#recovering,
    };
  }

  /** Appends input to the window. */
  append(bytes: Uint8Array): void {
    const rest = this.#end - this.#start;
    const size = rest + bytes.length;
    if (size + 1 + WORD_SLACK > this.#window.length) {
      const larger = new Uint8Array(Math.max(2 * this.#window.length, size + 1 + WORD_SLACK));
      larger.set(this.#window.subarray(this.#start, this.#end));
      this.#window = larger;
      this.#view = new DataView(larger.buffer);
    } else if (this.#start > 0) this.#window.copyWithin(0, this.#start, this.#end);
    this.#window.set(bytes, rest);
    this.#window[size] = 0;
    this.#start = 0;
    this.#end = size;
  }

  /** The rejected rows since the last call. */
  takeRejected(): RejectedRow[] {
    const rejected = this.#rejected;
    this.#rejected = [];
    this.#rejectedBytes = 0;
    return rejected;
  }

  /** Scans until the window holds no whole record or the chunk is full. `final`: no more input follows. */
  scan(final: boolean): ScanStop {
    if (!final && this.#end - this.#start < this.#need) return "input";
    if (this.#skipped !== undefined && !this.#skipLine(final)) return "input";
    this.#need = 1;
    const { batch } = this;
    const { delimiter, slots, maxRecordBytes } = this.settings;
    const { prefixes, prefixEnds } = batch;
    const unquoted = this.#unquoted;
    const window = this.#window, source = this.#view;
    const end = this.#end;
    const columns = slots.length;
    const wideDelimiter = delimiter.length > 1;
    const lookAhead = LOOK_AHEAD * maxRecordBytes;
    while (this.#start < end) {
      if (batch.full || this.#rejected.length >= REJECTED_LIMIT || this.#rejectedBytes >= REJECTED_BYTES_LIMIT) {
        return "chunk";
      }
      const start = this.#start;
      let i = start;
      batch.reserveSpans();
      const { bytes: out, view, spans } = batch;
      let o = batch.length;
      let span = batch.spanStart;
      let cell = 0;
      let fault = NONE;
      let extra = false; // a cell past the header's last one holds something
      let lines = 0; // line ends inside quotes
      let kind = PLAIN; // class of the byte that ended the cell

      for (;;) {
        const slot = cell < columns ? slots[cell] as number : -1;
        const cellStart = o;
        if (slot >= 0) {
          const prefix = prefixEnds[slot] as number;
          const length = (prefixEnds[slot + 1] as number) - prefix;
          copyWords(prefixes, prefix, view, o, length);
          o += length;
        }
        const valueStart = o;
        let byte = window[i] as number;
        if (byte === QUOTE) {
          i++;
          for (;;) {
            const from = i;
            while ((kind = QUOTED[byte = window[i] as number] as number) === PLAIN) i++;
            copyWords(source, from, view, o, i - from);
            o += i - from;
            if (kind === QUOTE_END) {
              i++;
              if (window[i] !== QUOTE) break;
              out[o++] = BACKSLASH;
              out[o++] = QUOTE;
              i++;
            } else if (i >= end) {
              fault = final ? UNCLOSED : INCOMPLETE;
              break;
            } else if (kind === ESCAPE) {
              if (byte === LF ? window[i - 1] !== CR : byte === CR) lines++;
              const escape = JSON_ESCAPES[byte] as Uint8Array;
              for (let e = 0; e < escape.length; e++) out[o++] = escape[e] as number;
              i++;
            } else if (kind === WIDE) {
              const length = utf8Length(window, i, end);
              for (let w = 0; w < length; w++) out[o++] = window[i + w] as number;
              if (length === 0) fault = NOT_UTF8;
              i += length || 1;
            } else {
              fault = HAS_NUL;
              i++;
            }
          }
          if (fault >= UNCLOSED) break;
          kind = unquoted[window[i] as number] as number;
          if (wideDelimiter && kind === DELIMITER && !startsWith(window, i, delimiter)) kind = WIDE;
          if (kind < DELIMITER && i < end) {
            fault = wideDelimiter && !final && end - i < delimiter.length ? INCOMPLETE : AFTER_QUOTE;
            break;
          }
        } else {
          for (;;) {
            const from = i;
            while ((kind = unquoted[byte = window[i] as number] as number) === PLAIN) i++;
            copyWords(source, from, view, o, i - from);
            o += i - from;
            if (kind > DELIMITER || i >= end) break;
            if (kind === DELIMITER) {
              if (!wideDelimiter || startsWith(window, i, delimiter)) break;
              kind = WIDE;
            }
            if (kind === WIDE) {
              const length = utf8Length(window, i, end);
              for (let w = 0; w < length; w++) out[o++] = window[i + w] as number;
              if (length === 0) fault = NOT_UTF8;
              i += length || 1;
            } else if (kind === ESCAPE) {
              const escape = JSON_ESCAPES[byte] as Uint8Array;
              for (let e = 0; e < escape.length; e++) out[o++] = escape[e] as number;
              i++;
            } else {
              fault = HAS_NUL;
              i++;
            }
          }
        }
        if (slot >= 0) {
          spans[span] = valueStart - 1;
          spans[span + 1] = o + 1;
          span += 2;
        } else {
          if (cell >= columns && o > valueStart) extra = true;
          o = cellStart;
        }
        cell++;
        // A row that is too long and spans lines is malformed: quotes that do not pair up look just so.
        if (extra && lines > 0 && (i < end || final)) {
          fault = RAGGED;
          break;
        }
        if (i >= end || kind !== DELIMITER) break;
        i += delimiter.length;
      }

      const stop = i;
      if (fault < AFTER_QUOTE) {
        if (i < end) {
          if (kind === LINE_FEED) i++;
          else if (i + 1 < end) i += window[i + 1] === LF ? 2 : 1;
          else if (final) i++;
          else fault = INCOMPLETE;
        } else if (!final) fault = INCOMPLETE;
      }
      const size = stop - start;
      const whole = cell >= columns && !extra;
      const astray = this.#recovering && !whole && cell !== this.#cells;
      if (fault === INCOMPLETE && size <= lookAhead) {
        this.#need = Math.max(Math.min(2 * (end - start), lookAhead + 1), end - start + 1);
        return "input";
      }
      // Too long, but it ends where such a record would: no other line is to blame.
      if (size > maxRecordBytes && size <= lookAhead && fault < AFTER_QUOTE && lines > 0 && !astray) {
        const raw = window.slice(start, Math.min(stop, start + RAW_LIMIT));
        this.#reject(raw, this.#offset, this.#tooLong(this.#openQuote(start)));
        this.#advance(i, lines + 1);
        continue;
      }
      if (size > maxRecordBytes || fault >= AFTER_QUOTE) {
        if (!this.#malformed(start, stop, fault, cell, lines, final)) return "input";
        continue;
      }
      if (stop === start) { // a blank line
        this.#advance(i, 1);
        continue;
      }
      if (fault !== NONE || extra || astray) {
        if (this.#recovering && lines > 0 && fault === NONE) {
          if (!this.#malformed(start, stop, RAGGED, cell, lines, final)) return "input";
          continue;
        }
        this.#reject(window.slice(start, Math.min(stop, start + RAW_LIMIT)), this.#offset, this.#reason(fault, cell));
        this.#advance(i, lines + 1);
        continue;
      }
      if (!batch.commitRow(o, span)) {
        if (batch.count > 0) return "chunk";
        batch.growBytes(o);
        continue;
      }
      this.settings.places?.add(this.#line, this.#offset);
      this.#cells = cell;
      this.#recovering = false;
      this.#advance(i, lines + 1);
    }
    return "input";
  }

  #advance(next: number, lines: number): void {
    this.#offset += next - this.#start;
    this.#start = next;
    this.#line += lines;
  }

  /**
   * Rejects the first line of a record whose quotes are wrong, or which is so long that its end was not looked for, and
   * goes on at the next line: a stray quote costs one line, whatever follows. Returns false when the window ends too
   * early to tell.
   */
  #malformed(start: number, stop: number, fault: number, cells: number, lines: number, final: boolean): boolean {
    const { maxRecordBytes } = this.settings;
    const window = this.#window;
    const end = this.#end;
    const tooLong = stop - start > maxRecordBytes;
    const lineEnd = findLineEnd(window, start, end, final);
    // A carriage return that ends the window is no part of the line, but a line feed may follow it.
    const contentEnd = window[end - 1] === CR && !final ? end - 1 : end;
    if (lineEnd < 0 && !final && contentEnd - start <= maxRecordBytes) {
      this.#need = Math.max(Math.min(2 * (end - start), maxRecordBytes + 1), end - start + 1);
      return false;
    }
    if (lineEnd < 0 && !final) {
      this.#skipped = { raw: window.slice(start, Math.min(contentEnd, start + RAW_LIMIT)), offset: this.#offset };
      this.#advance(contentEnd, 0);
      this.#need = end - contentEnd + 1;
      return false;
    }
    const firstLineEnd = lineEnd < 0 ? end : lineEnd;
    const longLine = firstLineEnd - start > maxRecordBytes;
    // A line that is too long on its own needs no quote to blame.
    const quote = tooLong && !longLine ? this.#openQuote(start) : undefined;
    const raw = window.slice(start, Math.min(firstLineEnd, start + RAW_LIMIT));
    this.#reject(raw, this.#offset, tooLong || longLine ? this.#tooLong(quote) : this.#reason(fault, cells, lines));
    this.#advance(lineEnd < 0 ? end : skipLineEnd(window, lineEnd, end), 1);
    this.#recovering = true;
    return true;
  }

  /** Passes over the rest of a line that is too long; false when the window holds no end of it. */
  #skipLine(final: boolean): boolean {
    const skipped = this.#skipped;
    if (skipped === undefined) return true;
    const window = this.#window;
    const lineEnd = findLineEnd(window, this.#start, this.#end, final);
    const ends = lineEnd >= 0 || final;
    // A carriage return that ends the window stays in it: a line feed may follow.
    const pending = !ends && this.#end > this.#start && window[this.#end - 1] === CR;
    const stop = lineEnd >= 0 ? lineEnd : pending ? this.#end - 1 : this.#end;
    if (skipped.raw.length < RAW_LIMIT) {
      const more = window.subarray(this.#start, Math.min(stop, this.#start + RAW_LIMIT - skipped.raw.length));
      const raw = new Uint8Array(skipped.raw.length + more.length);
      raw.set(skipped.raw);
      raw.set(more, skipped.raw.length);
      skipped.raw = raw;
    }
    this.#need = pending ? 2 : 1;
    if (!ends) {
      this.#advance(stop, 0);
      return false;
    }
    this.#skipped = undefined;
    this.#reject(skipped.raw, skipped.offset, this.#tooLong());
    this.#advance(lineEnd < 0 ? stop : skipLineEnd(window, lineEnd, this.#end), 1);
    this.#recovering = true;
    return true;
  }

  #reject(raw: Uint8Array, offset: number, reason: string): void {
    this.#rejected.push({ raw, offset, line: this.#line, reason });
    this.#rejectedBytes += raw.length;
  }

  /** How many lines below `start` the quote stands that goes on past the limit. */
  #openQuote(start: number): number | undefined {
    const { maxRecordBytes, delimiter } = this.settings;
    return linesToOpenQuote(this.#window, start, start + maxRecordBytes, delimiter);
  }

  /** `quote`: how many lines further down the quote was opened that goes on past the limit. */
  #tooLong(quote?: number): string {
    const sentence = `Is longer than ${this.settings.maxRecordBytes} bytes`;
    return quote === undefined ? sentence : `${sentence}, for the quote opened on line ${this.#line + quote}`;
  }

  #reason(fault: number, cells: number, lines = 0): string {
    const reason = faultSentence(fault, cells, this.settings.slots.length, lines > 0 ? this.#line + lines : undefined);
    // Only a recovering reader minds a short row: the sentence says what made it.
    const counted = fault === NONE || fault === RAGGED;
    return counted && this.#recovering ? `${reason}, after a malformed row` : reason;
  }
}
