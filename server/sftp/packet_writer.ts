/**
 * Builds a packet field by field.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** Builds one packet: its length goes before what is written. */
export class PacketWriter {
  #bytes: Buffer;
  #at = 4;

  /** `room` is a guess of the packet's size in bytes; it grows by itself. */
  constructor(type: number, room = 64) {
    this.#bytes = Buffer.allocUnsafe(Math.max(room, 16));
    this.byte(type);
  }

  /** Bytes written so far, the length field included. */
  get length(): number {
    return this.#at;
  }

  /** Writes a byte. */
  byte(value: number): this {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
    return this;
  }

  /** Writes a `uint32`. */
  uint32(value: number): this {
    const at = this.#reserve(4);
    putUint32(this.#bytes, at, value);
    return this;
  }

  /** Writes a `uint64`; `value` is a whole number of at most 2^53. */
  uint64(value: number): this {
    const at = this.#reserve(8);
    putUint32(this.#bytes, at, Math.floor(value / 0x1_0000_0000));
    putUint32(this.#bytes, at + 4, value % 0x1_0000_0000);
    return this;
  }

  /** Writes bytes as a `string`. */
  bytes(value: Uint8Array): this {
    this.uint32(value.length);
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** Writes text as a `string` of UTF-8. */
  text(value: string): this {
    const length = Buffer.byteLength(value);
    this.uint32(length);
    const at = this.#reserve(length);
    this.#bytes.write(value, at);
    return this;
  }

  /** Puts another value where a `uint32` was written: `at` was `length` before it. */
  replaceUint32(at: number, value: number): void {
    putUint32(this.#bytes, at, value);
  }

  /** The packet, its length first. */
  finish(): Buffer {
    putUint32(this.#bytes, 0, this.#at - 4);
    return this.#bytes.subarray(0, this.#at);
  }

  #reserve(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, at + length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    this.#at = at + length;
    return at;
  }
}

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
