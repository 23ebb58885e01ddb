/**
 * Reads the lines of usual records in place: objects whose names and values need no second look.
 *
 * @module
 */
import { utf8Length } from "./csv_bytes.ts";
import type { JsonBatch } from "./json_batch.ts";
import { LEFT_OUT } from "./json_columns.ts";
import { JSON_MAX_DEPTH, JSON_MAX_FIELDS, JSON_MAX_NAME_BYTES } from "./json_record.ts";
import { NestedShape } from "./json_shape.ts";
import { isPlainNumber, makeString, makeValue } from "./json_values.ts";

const QUOTE = 0x22, BACKSLASH = 0x5c, OPEN_LIST = 0x5b, CLOSE_LIST = 0x5d, OPEN = 0x7b, CLOSE = 0x7d;
const COMMA = 0x2c, COLON = 0x3a, MINUS = 0x2d, SPACE = 0x20, TAB = 0x09, LETTER_U = 0x75;

/** What bytes mean in a string. */
const PLAIN = 0, WIDE = 1, ESCAPE = 2, END = 3, WRONG = 4;
const IN_STRING = new Uint8Array(256).fill(WIDE, 0x80).fill(WRONG, 0, SPACE);
IN_STRING[QUOTE] = END;
IN_STRING[BACKSLASH] = ESCAPE;

/** Bytes of which numbers are made, and those after a backslash that `JSON.stringify` writes the same way. */
const IN_NUMBER = tableOf("0123456789+-.eE"), AS_WRITTEN = tableOf('"\\bfnrt');

/** Whether the rest of a literal stands at a place. */
const LITERALS = ["true", "false", "null"].map((text) => new TextEncoder().encode(text));

function tableOf(text: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of text) table[character.charCodeAt(0)] = 1;
  return table;
}

/** Places of names of a nested object that are held against each other: two each. */
const MOST_NAMES = 32;

/** What became of a line: it is a row of the batch; the batch has no room for it; or it takes a second look. */
export type Scanned = "row" | "full" | "unclear";

/** Reads lines into a batch. */
export class JsonScanner {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  /** Of the nested objects that are being read: where their names so far begin and end. */
  readonly #names: number[] = [];
  /** Of the string passed last: whether it has to be written anew. */
  #escaped = false;
  /** Of the nested value that was passed last: where the last text, number or literal in it lies, and its shape. */
  #last = 0;
  #lastEnd = 0;
  readonly #shape = new NestedShape();

  constructor(private readonly batch: JsonBatch) {}

  /**
   * Reads the record between `start` and `end`, which has neither blanks around it nor a line end in it. Whatever it
   * does not understand at once, errors above all, it leaves to somebody slower, and the batch as it was.
   */
  scan(bytes: Uint8Array, start: number, end: number): Scanned {
    const { batch } = this, { columns, row } = batch;
    const known = columns.count;
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    row.begin();
    if (!this.#record()) {
      columns.forget(known);
      return "unclear";
    }
    return batch.write(bytes, start, end) ? "row" : "full";
  }

  #record(): boolean {
    const { batch: { columns, row } } = this, bytes = this.#bytes, end = this.#end;
    if (bytes[this.#at++] !== OPEN) return false;
    this.#blanks();
    if (bytes[this.#at] === CLOSE) return this.#at + 1 === end;
    for (let expected = 0, last = LEFT_OUT, count = 1;; count++) {
      const field = this.#name(expected);
      if (field < 0 || row.has(field) || count > JSON_MAX_FIELDS) return false;
      expected = field + 1;
      this.#blanks();
      if (bytes[this.#at++] !== COLON) return false;
      this.#blanks();
      if (!this.#value(field)) return false;
      const column = columns.columns[field]!;
      if (column <= last) row.isWritten = false;
      else last = column;
      this.#blanks();
      const next = bytes[this.#at++];
      if (next === CLOSE) return this.#at === end;
      if (next !== COMMA) return false;
      this.#blanks();
    }
  }

  /** Passes over blanks, which rows of a batch do not have. */
  #blanks(): void {
    const bytes = this.#bytes;
    let at = this.#at;
    while (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === 0x0d) at++;
    if (at === this.#at) return;
    this.#at = at;
    this.batch.row.isWritten = false;
  }

  /** Passes over a name; gives its field, or -1 for one that takes a second look. Most stand where they did before. */
  #name(expected: number): number {
    const { batch: { columns } } = this, bytes = this.#bytes, start = this.#at;
    const key = columns.keys[expected];
    if (key !== undefined) {
      const { length } = key;
      let same = 0;
      while (same < length && bytes[start + same] === key[same]) same++;
      if (same === length) {
        this.#at = start + length;
        return expected;
      }
    }
    if (bytes[start] !== QUOTE || !this.#string() || this.#escaped) return -1;
    if (this.#at - start - 2 > JSON_MAX_NAME_BYTES || this.#hasBackslash(start)) return -1;
    return columns.at(bytes, start + 1, this.#at - 1);
  }

  #hasBackslash(start: number): boolean {
    for (let at = start; at < this.#at; at++) if (this.#bytes[at] === BACKSLASH) return true;
    return false;
  }

  /** Passes over a value and notes where it lies, or makes it anew. */
  #value(field: number): boolean {
    const { row } = this.batch, bytes = this.#bytes, start = this.#at, made = row.made.length;
    const first = bytes[start]!;
    if (first === QUOTE) {
      if (!this.#string()) return false;
      if (!this.#escaped) row.set(field, start, this.#at);
      else if (makeString(bytes, start, this.#at, row.made)) row.setMade(field, made);
      else return false;
      return true;
    }
    if (first === MINUS || (first >= 0x30 && first <= 0x39)) {
      while (IN_NUMBER[bytes[this.#at]!] === 1 && this.#at < this.#end) this.#at++;
      if (isPlainNumber(bytes, start, this.#at)) row.set(field, start, this.#at);
      else if (makeValue(bytes, start, this.#at, row.made)) row.setMade(field, made);
      else return false;
      return true;
    }
    if (first === OPEN || first === OPEN_LIST) {
      if (this.#nestedAsBefore()) {
        row.set(field, start, this.#at);
        return true;
      }
      this.#last = start;
      if (this.#plainNested(2)) {
        this.#shape.keep(bytes, start, this.#last, this.#lastEnd, this.#at);
        row.set(field, start, this.#at);
        return true;
      }
      this.#at = start;
      this.#names.length = 0;
      if (!this.#nested() || !makeValue(bytes, start, this.#at, row.made)) return false;
      row.setMade(field, made);
      return true;
    }
    if (!this.#literal()) return false;
    row.set(field, start, this.#at);
    return true;
  }

  #literal(): boolean {
    const bytes = this.#bytes, start = this.#at;
    for (const literal of LITERALS) {
      let same = 0;
      while (same < literal.length && bytes[start + same] === literal[same]) same++;
      if (same < literal.length) continue;
      this.#at = start + same;
      return this.#at <= this.#end;
    }
    return false;
  }

  /**
   * Passes over an object or a list that stands as `JSON.stringify` writes it; false, somewhere within it, for one that
   * may not. `depth` is its level.
   */
  #plainNested(depth: number): boolean {
    const bytes = this.#bytes, isObject = bytes[this.#at++] === OPEN, close = isObject ? CLOSE : CLOSE_LIST;
    if (depth > JSON_MAX_DEPTH) return false;
    if (bytes[this.#at] === close) {
      this.#at++;
      return this.#at <= this.#end;
    }
    const own = this.#names.length;
    for (;;) {
      if (isObject && (!this.#plainName(own) || bytes[this.#at++] !== COLON)) return false;
      if (!this.#plainValue(depth)) return false;
      const next = bytes[this.#at++];
      if (next === close) {
        this.#names.length = own;
        return this.#at <= this.#end;
      }
      if (next !== COMMA || this.#at >= this.#end) return false;
    }
  }

  /** Passes over a nested value that differs from the one before in its last value at most; else goes nowhere. */
  #nestedAsBefore(): boolean {
    const bytes = this.#bytes, start = this.#at;
    this.#at = this.#shape.lastOf(bytes, start);
    if (this.#at > 0 && this.#at < this.#end && this.#plainLeaf()) {
      this.#at = this.#shape.endOf(bytes, this.#at);
      if (this.#at > 0 && this.#at <= this.#end) return true;
    }
    this.#at = start;
    return false;
  }

  #plainValue(depth: number): boolean {
    const first = this.#bytes[this.#at]!;
    if (first === OPEN || first === OPEN_LIST) return this.#plainNested(depth + 1);
    this.#last = this.#at;
    const isPlain = this.#plainLeaf();
    this.#lastEnd = this.#at;
    return isPlain;
  }

  /** Passes over a text, a number or a literal that stands as `JSON.stringify` writes it. */
  #plainLeaf(): boolean {
    const bytes = this.#bytes, start = this.#at, first = bytes[start]!;
    if (first === QUOTE) return this.#string() && !this.#escaped;
    if (first !== MINUS && (first < 0x30 || first > 0x39)) return this.#literal();
    while (IN_NUMBER[bytes[this.#at]!] === 1 && this.#at < this.#end) this.#at++;
    return isPlainNumber(bytes, start, this.#at);
  }

  /**
   * Passes over a name in a nested object. Names that are numbers are written in their order, and of two that are the
   * same one counts: those take a second look, and so do escapes and many names. `own` is the object's first.
   */
  #plainName(own: number): boolean {
    const bytes = this.#bytes, start = this.#at, names = this.#names;
    const first = bytes[start + 1]!;
    if (bytes[start] !== QUOTE || (first >= 0x30 && first <= 0x39) || !this.#string()) return false;
    if (this.#hasBackslash(start) || names.length - own >= MOST_NAMES) return false;
    for (let index = own; index < names.length; index += 2) {
      const there = names[index]!;
      if (names[index + 1]! - there !== this.#at - start) continue;
      let same = start;
      while (same < this.#at && bytes[same] === bytes[there + same - start]) same++;
      if (same === this.#at) return false;
    }
    names.push(start, this.#at);
    return true;
  }

  /** Passes over a string; false for one that is not whole, or no JSON. */
  #string(): boolean {
    const bytes = this.#bytes, end = this.#end;
    this.#escaped = false;
    for (let at = this.#at + 1;;) {
      while (IN_STRING[bytes[at]!] === PLAIN) at++;
      if (at >= end) return false;
      const what = IN_STRING[bytes[at]!];
      if (what === END) {
        this.#at = at + 1;
        return true;
      }
      if (what === WIDE) {
        const length = utf8Length(bytes, at, end);
        if (length === 0) return false;
        at += length;
      } else if (what === ESCAPE) {
        const next = bytes[at + 1]!;
        if (AS_WRITTEN[next] === 1) at += 2;
        else if (next === LETTER_U || next === 0x2f) {
          this.#escaped = true;
          at += 2;
        } else return false;
      } else return false;
    }
  }

  /** Passes over an object or a list, whatever it holds; false for one that has no end or is nested too deep. */
  #nested(): boolean {
    const bytes = this.#bytes, end = this.#end;
    // The record itself is the first level.
    for (let depth = 1; this.#at < end; this.#at++) {
      const byte = bytes[this.#at];
      if (byte === QUOTE) {
        if (!this.#string()) return false;
        this.#at--;
      } else if (byte === OPEN || byte === OPEN_LIST) {
        if (++depth > JSON_MAX_DEPTH) return false;
      } else if (byte === CLOSE || byte === CLOSE_LIST) {
        if (--depth === 1) {
          this.#at++;
          return true;
        }
      }
    }
    return false;
  }
}
