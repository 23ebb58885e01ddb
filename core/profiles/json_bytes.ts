/**
 * JSON as growing bytes: values are written a byte at a time, as calls into the platform cost more than most of them.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import { COPY_SLACK, copyBytes, viewOf } from "./byte_stretches.ts";

const QUOTE = 34, COMMA = 44, ZERO = 48, OPEN_LIST = 91, BACKSLASH = 92, CLOSE_LIST = 93, SPACE = 32;
/** Most bytes that a UTF-16 unit of a text takes, and most that a number takes. */
const UNIT_BYTES = 3, NUMBER_BYTES = 32;

const encoder = new TextEncoder();

/** Bytes that grow as they are written. What is put needs room, which `reserve` makes; values make their own. */
export class JsonBytes {
  /** What is written, and room behind it. Another array after a write that needed more. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the next byte goes. */
  length: number;
  #view: DataView;

  /** Writes behind the first `length` bytes. After a value there always is room for `margin` bytes. */
  constructor(bytes: Uint8Array<ArrayBuffer>, length = 0, private readonly margin = 0) {
    this.bytes = bytes;
    this.length = length;
    this.#view = viewOf(bytes);
  }

  /** Makes room for so many bytes more. */
  reserve(bytes: number): void {
    const need = this.length + bytes + this.margin + COPY_SLACK;
    if (need <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(need, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.#view = viewOf(larger);
  }

  /** Writes a byte, for which there is room. */
  put(byte: number): void {
    this.bytes[this.length++] = byte;
  }

  /** Copies bytes, for which there is room. */
  putBytes(from: DataView, start: number, end: number): void {
    this.length = copyBytes(from, start, end, this.#view, this.length);
  }

  /** Copies bytes. */
  copy(from: DataView, start: number, end: number): void {
    this.reserve(end - start);
    this.putBytes(from, start, end);
  }

  /** Writes a value as `JSON.stringify` does. */
  value(value: JsonValue): void {
    if (typeof value === "string") this.#string(value);
    else if (typeof value === "number") this.#number(value);
    else if (Array.isArray(value)) this.#list(value);
    else this.#other(value);
  }

  #list(members: readonly JsonValue[]): void {
    this.reserve(2 + members.length);
    this.put(OPEN_LIST);
    for (let index = 0; index < members.length; index++) {
      if (index > 0) {
        this.reserve(1);
        this.put(COMMA);
      }
      this.value(members[index]!);
    }
    this.reserve(1);
    this.put(CLOSE_LIST);
  }

  #string(text: string): void {
    this.reserve(2 + UNIT_BYTES * text.length);
    const { bytes } = this;
    let put = this.length;
    bytes[put++] = QUOTE;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code < 128) {
        if (code < SPACE || code === QUOTE || code === BACKSLASH) return this.#other(text);
        bytes[put++] = code;
      } else if (code < 0x800) {
        bytes[put++] = 0xc0 | code >> 6;
        bytes[put++] = 0x80 | code & 63;
      } else if (code >= 0xd800 && code <= 0xdfff) return this.#other(text);
      else {
        bytes[put++] = 0xe0 | code >> 12;
        bytes[put++] = 0x80 | code >> 6 & 63;
        bytes[put++] = 0x80 | code & 63;
      }
    }
    bytes[put++] = QUOTE;
    this.length = put;
  }

  #number(value: number): void {
    this.reserve(NUMBER_BYTES);
    if (value >= 0 && value < 10 && Number.isInteger(value)) return this.put(ZERO + value);
    if (!Number.isFinite(value)) return this.#other(value);
    const text = String(value);
    for (let at = 0; at < text.length; at++) this.put(text.charCodeAt(at));
  }

  #other(value: JsonValue): void {
    const text = JSON.stringify(value);
    this.reserve(UNIT_BYTES * text.length);
    this.length += encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
  }
}

/** Whether JSON bytes are a string that says what its bytes are: without an escape. */
export function isPlainString(bytes: Uint8Array, from: number, to: number): boolean {
  if (bytes[from] !== QUOTE) return false;
  for (let at = from + 1; at < to; at++) if (bytes[at] === BACKSLASH) return false;
  return true;
}
