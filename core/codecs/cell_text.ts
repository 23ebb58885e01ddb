/**
 * The text of a cell that says a JSON value, as UTF-8: strings as they are, lists and maps joined.
 *
 * @module
 */
import { startsWith } from "./csv_bytes.ts";
import { keyLength, valueEnd } from "./json_field_spans.ts";

const QUOTE = 0x22, COMMA = 0x2c, EQUALS = 0x3d, BACKSLASH = 0x5c, OPEN_MAP = 0x7b, SMALL_U = 0x75;

/** What the letter after a backslash stands for in JSON, by its code. */
const ESCAPED = new Map([...'"\\/bfnrt'].map((letter) => {
  const text: string = JSON.parse(`"\\${letter}"`);
  return [letter.charCodeAt(0), text.charCodeAt(0)];
}));

const encoder = new TextEncoder();

/**
 * Makes one text after another in the same memory.
 *
 * - The values of a list, and the entries of a map as `key=value`, stand as they are stored, `join` between them. In each a
 *   backslash stands before `join` and before a backslash.
 * - In the key of an entry a backslash stands before `=` and before a backslash: the first bare `=` ends it.
 * - What is neither text nor number, `true` or `false` within a list or a map is written as JSON. So is null.
 * - An empty list or map is the empty text, and so is a list of the empty text.
 */
export class CellText {
  /** The text; it ends at `length`. Another array after a text that needed more. */
  bytes = new Uint8Array(4_096);
  /** Bytes of the text. */
  length = 0;
  #member = new Uint8Array(4_096);
  readonly #join: Uint8Array;

  /** `join` stands between the values of a list or map. */
  constructor(join: string) {
    this.#join = encoder.encode(join);
  }

  /** Makes the text of the string, list or map that `from[start..end)` is. */
  write(from: Uint8Array, start: number, end: number): void {
    if (from[start] === QUOTE) {
      this.#reserve(end - start);
      this.length = unescape(from, start + 1, end - 1, this.bytes, 0);
    } else this.#list(from, start, end, from[start] === OPEN_MAP);
  }

  /** Makes the text of a list of texts. */
  writeTexts(texts: readonly string[]): void {
    this.length = 0;
    texts.forEach((text, index) => this.#append(encoder.encode(text), index === 0));
  }

  #list(from: Uint8Array, start: number, end: number, isMap: boolean): void {
    this.length = 0;
    for (let at = start + 1; at < end - 1; at += from[at] === COMMA ? 1 : 0) {
      const first = at === start + 1;
      let put = 0;
      if (isMap) {
        const value = at + keyLength(from, at, end);
        if (this.#member.length < 2 * (end - start)) this.#member = new Uint8Array(2 * (end - start));
        put = escapeKey(this.#member, unescape(from, at + 1, value - 2, this.#member, 0));
        at = value;
      } else if (this.#member.length < end - start) this.#member = new Uint8Array(2 * (end - start));
      const stop = valueEnd(from, at, end);
      if (from[at] === QUOTE) put = unescape(from, at + 1, stop - 1, this.#member, put);
      else {
        this.#member.set(from.subarray(at, stop), put);
        put += stop - at;
      }
      this.#append(this.#member.subarray(0, put), first);
      at = stop;
    }
  }

  /** Adds a value, with the join before it unless it is the first. */
  #append(value: Uint8Array, first: boolean): void {
    const join = this.#join;
    this.#reserve(this.length + 2 * value.length + join.length);
    const { bytes } = this;
    let put = this.length;
    if (!first) { for (let index = 0; index < join.length; index++) bytes[put++] = join[index]!; }
    for (let at = 0; at < value.length; at++) {
      const byte = value[at]!;
      if (byte === BACKSLASH || (byte === join[0] && startsWith(value, at, join))) bytes[put++] = BACKSLASH;
      bytes[put++] = byte;
    }
    this.length = put;
  }

  #reserve(size: number): void {
    if (size <= this.bytes.length) return;
    const larger = new Uint8Array(2 * size);
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

/** Puts a backslash before every `=` and backslash of a key, then `=`; gives where that ends. There is room for it. */
function escapeKey(bytes: Uint8Array, length: number): number {
  let escapes = 0;
  for (let at = 0; at < length; at++) if (bytes[at] === EQUALS || bytes[at] === BACKSLASH) escapes++;
  bytes[length + escapes] = EQUALS;
  // From the end on, so that no byte is overwritten before it is moved.
  for (let at = length - 1, left = escapes; left > 0; at--) {
    const byte = bytes[at]!;
    bytes[at + left] = byte;
    if (byte === EQUALS || byte === BACKSLASH) bytes[at + --left] = BACKSLASH;
  }
  return length + escapes + 1;
}

/** Writes what the inside of a JSON string, `from[start..end)`, says to `to[put…]`; gives where that ends. */
function unescape(from: Uint8Array, start: number, end: number, to: Uint8Array, put: number): number {
  for (let at = start; at < end; at++) {
    const byte = from[at]!;
    if (byte !== BACKSLASH) {
      to[put++] = byte;
      continue;
    }
    const letter = from[++at]!;
    if (letter !== SMALL_U) {
      to[put++] = ESCAPED.get(letter) ?? letter;
      continue;
    }
    const unit = hexUnit(from, at + 1);
    let code = unit;
    at += 4;
    if (unit >= 0xd800 && unit < 0xdc00 && from[at + 1] === BACKSLASH && from[at + 2] === SMALL_U) {
      const low = hexUnit(from, at + 3);
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
      }
    }
    // Half of a pair becomes U+FFFD, as in every encoder.
    put += encoder.encodeInto(String.fromCodePoint(code), to.subarray(put)).written;
  }
  return put;
}

function hexUnit(bytes: Uint8Array, at: number): number {
  return parseInt(String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!), 16);
}
