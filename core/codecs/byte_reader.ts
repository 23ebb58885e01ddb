/**
 * Reads pieces of bytes as if they were one, for formats that tell how much to read next.
 *
 * @module
 */

/** Reads a stream of pieces by counts of bytes. */
export class ByteReader {
  readonly #input: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);

  /** Whoever reads from `input` calls {@linkcode cancel} at the end. */
  constructor(input: AsyncIterable<Uint8Array>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** Exactly `count` bytes, or all that are left where these are fewer. */
  async read(count: number): Promise<Uint8Array> {
    if (!await this.#fill()) return this.#piece;
    if (this.#piece.length >= count) return this.#take(count);
    const bytes = new Uint8Array(count);
    let length = 0;
    for await (const piece of this.pieces(count)) {
      bytes.set(piece, length);
      length += piece.length;
    }
    return bytes.subarray(0, length);
  }

  /** The next `count` bytes as they come, or all that are left where these are fewer. */
  async *pieces(count: number): AsyncGenerator<Uint8Array> {
    let left = count;
    while (left > 0 && await this.#fill()) {
      const piece = this.#take(Math.min(left, this.#piece.length));
      left -= piece.length;
      yield piece;
    }
  }

  /** Ends the reading. */
  async cancel(): Promise<void> {
    await this.#input.return?.();
  }

  #take(count: number): Uint8Array {
    const taken = this.#piece.subarray(0, count);
    this.#piece = this.#piece.subarray(count);
    return taken;
  }

  /** Whether there is a byte. */
  async #fill(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const { value, done } = await this.#input.next();
      if (done) return false;
      this.#piece = value;
    }
    return true;
  }
}
