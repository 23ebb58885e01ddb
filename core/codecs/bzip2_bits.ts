/**
 * Reads bits, the highest first, from a stream of bytes.
 *
 * @module
 */
import { damagedBzip2 } from "./bzip2_failure.ts";

/** The bits of a stream. */
export class BitReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  #bits = 0;
  #count = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Bytes that can be read without waiting. */
  get ready(): number {
    return this.#chunk.length - this.#at;
  }

  /** Waits for a piece of the stream where fewer than `bytes` are ready; false at its end. */
  async more(bytes: number): Promise<boolean> {
    while (this.ready < bytes) {
      const { value, done } = await this.#source.next();
      if (done === true) return false;
      const joined = new Uint8Array(this.ready + value.length);
      joined.set(this.#chunk.subarray(this.#at));
      joined.set(value, this.ready);
      this.#chunk = joined;
      this.#at = 0;
    }
    return true;
  }

  /** The next bits as a number; 24 at the most. Waits for them. */
  async read(count: number): Promise<number> {
    if (this.ready < 4) await this.more(4);
    return this.take(count);
  }

  /** The next bits as a number; 24 at the most. Throws a `Failure` of kind `data` where they are not there. */
  take(count: number): number {
    while (this.#count < count) {
      if (this.#at === this.#chunk.length) throw damagedBzip2();
      this.#bits = (this.#bits << 8) | this.#chunk[this.#at++]!;
      this.#count += 8;
    }
    this.#count -= count;
    const value = this.#bits >>> this.#count;
    this.#bits &= (1 << this.#count) - 1;
    return value;
  }

  /** The next bit. Waits for it. */
  async bit(): Promise<number> {
    if (this.#at === this.#chunk.length) await this.more(1);
    return this.take(1);
  }

  /** The next bits as a number, without taking them; zeros stand for those that are not there. 24 at the most. */
  peek(count: number): number {
    while (this.#count < count) {
      if (this.#at === this.#chunk.length) return (this.#bits << (count - this.#count)) & ((1 << count) - 1);
      this.#bits = (this.#bits << 8) | this.#chunk[this.#at++]!;
      this.#count += 8;
    }
    return this.#bits >>> (this.#count - count);
  }

  /** Passes over bits. Throws a `Failure` of kind `data` where they are not there. */
  skip(count: number): void {
    if (this.#count < count) throw damagedBzip2();
    this.#count -= count;
    this.#bits &= (1 << this.#count) - 1;
  }

  /** Passes over what is left of a byte. */
  skipToByte(): void {
    this.#count = this.#bits = 0;
  }

  /** Whether nothing follows. */
  async isAtEnd(): Promise<boolean> {
    return this.#count === 0 && !await this.more(1);
  }

  /** Ends the source. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
