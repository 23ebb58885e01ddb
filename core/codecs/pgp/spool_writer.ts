/**
 * Writes to a spool file in large pieces, while the next ones are made.
 *
 * @module
 */
import type { SpoolFile } from "../spool.ts";

/** Bytes that small pieces are collected to. */
const CHUNK = 512 * 1024;

/** Pieces of so many bytes are not collected. */
const LARGE = 64 * 1024;

/** Collects small pieces. */
export class SpoolWriter {
  readonly #file: SpoolFile;
  #buffer = new Uint8Array(CHUNK);
  #spare = new Uint8Array(CHUNK);
  #filled = 0;
  #pending: Promise<void> = Promise.resolve();

  constructor(file: SpoolFile) {
    this.#file = file;
  }

  /** Takes bytes, which must not change any more: large pieces are written as they are. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length >= LARGE) {
      if (this.#filled > 0) await this.#flush();
      return await this.#append(bytes);
    }
    for (let at = 0; at < bytes.length;) {
      const taken = bytes.subarray(at, at + CHUNK - this.#filled);
      this.#buffer.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled === CHUNK) await this.#flush();
    }
  }

  /** Waits until all is written. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#pending;
  }

  /** Starts to write what is there, once what was before is written. */
  async #flush(): Promise<void> {
    await this.#append(this.#buffer.subarray(0, this.#filled));
    [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
    this.#filled = 0;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    await this.#pending;
    this.#pending = this.#file.append(bytes);
    // Whoever waits for it next is told.
    this.#pending.catch(() => {});
  }
}
