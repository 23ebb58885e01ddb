/**
 * A spool in memory, for tests and small inputs.
 *
 * @module
 */
import { type Spool, type SpoolFile, streamOf } from "./spool.ts";

/**
 * A spool whose files are buffers. They take as much memory as they have bytes, and up to half as much again.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { memorySpool } from "@waybill/waybill/codecs";
 *
 * await using file = await memorySpool().create();
 * await file.append(new TextEncoder().encode("not yet verified"));
 * assert.equal(await new Response(file.open(8)).text(), "verified");
 * ```
 */
export function memorySpool(): Spool {
  return { create: () => Promise.resolve(new MemorySpoolFile()) };
}

class MemorySpoolFile implements SpoolFile {
  #buffer: Uint8Array | undefined = new Uint8Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  async append(bytes: Uint8Array): Promise<void> {
    let buffer = this.#open();
    const size = this.#size + bytes.length;
    if (size > buffer.length) {
      const grown = new Uint8Array(Math.max(size, Math.ceil(buffer.length * 1.5)));
      grown.set(buffer.subarray(0, this.#size));
      this.#buffer = buffer = grown;
    }
    buffer.set(bytes, this.#size);
    this.#size = size;
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    const found = this.#open().subarray(Math.min(offset, this.#size), Math.min(offset + into.length, this.#size));
    into.set(found);
    return found.length;
  }

  open(offset = 0): ReadableStream<Uint8Array> {
    return streamOf(this, offset);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#buffer = undefined;
  }

  #open(): Uint8Array {
    if (this.#buffer === undefined) throw new TypeError("The spool file is gone");
    return this.#buffer;
  }
}
