/**
 * Reads a stream of bytes by numbers of bytes.
 *
 * @module
 */
import { concatenated } from "./bytes.ts";
import { cutShort } from "./failures.ts";

/** Takes bytes from an iterable, in pieces of any length. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #isDone = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Some bytes, `max` at the most, as they lie; undefined at the end. */
  async some(max: number = Infinity): Promise<Uint8Array | undefined> {
    if (this.#chunk.length === 0 && !await this.#pull()) return undefined;
    const taken = this.#chunk.subarray(0, max);
    this.#chunk = this.#chunk.subarray(taken.length);
    return taken;
  }

  /** The next byte; undefined at the end. */
  async byte(): Promise<number | undefined> {
    if (this.#chunk.length === 0 && !await this.#pull()) return undefined;
    const byte = this.#chunk[0];
    this.#chunk = this.#chunk.subarray(1);
    return byte;
  }

  /** The next byte. Throws a `Failure` of kind `data` at the end. */
  async requireByte(): Promise<number> {
    const byte = await this.byte();
    if (byte === undefined) throw cutShort();
    return byte;
  }

  /** The next `length` bytes. Throws a `Failure` of kind `data` where there are fewer. */
  async exactly(length: number): Promise<Uint8Array> {
    const bytes = await this.peek(length);
    if (bytes.length < length) throw cutShort();
    this.#chunk = this.#chunk.subarray(length);
    return bytes;
  }

  /** The next `length` bytes, or as many as there are; they stay where they are. */
  async peek(length: number): Promise<Uint8Array> {
    if (this.#chunk.length < length) {
      const parts = [this.#chunk];
      for (let size = this.#chunk.length; size < length && await this.#pull(); size += this.#chunk.length) {
        parts.push(this.#chunk);
      }
      this.#chunk = concatenated(parts);
    }
    return this.#chunk.subarray(0, length);
  }

  /** What is left, as it lies. */
  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let bytes = await this.some(); bytes !== undefined; bytes = await this.some()) yield bytes;
  }

  /** Ends the source. */
  async close(): Promise<void> {
    this.#isDone = true;
    await this.#source.return?.();
  }

  /** Puts the next piece that is not empty in the place of what was left; at the end, what was left stays. */
  async #pull(): Promise<boolean> {
    while (!this.#isDone) {
      const { value, done } = await this.#source.next();
      if (done === true) this.#isDone = true;
      else if (value.length > 0) {
        this.#chunk = value;
        return true;
      }
    }
    return false;
  }
}
