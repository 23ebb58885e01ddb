/**
 * Where the rows of a batch stand in their file, while it is read.
 *
 * @module
 */
import type { RowPlaces } from "../contracts/records.ts";

/** Collects places. */
export class PlaceList {
  #count = 0;
  #lines = new Float64Array(1_024);
  #offsets = new Float64Array(1_024);

  /** Adds a row's. */
  add(line: number, offset: number): void {
    if (this.#count === this.#lines.length) {
      this.#lines = doubled(this.#lines);
      this.#offsets = doubled(this.#offsets);
    }
    this.#lines[this.#count] = line;
    this.#offsets[this.#count++] = offset;
  }

  /** Those since the last call. */
  take(): RowPlaces {
    const count = this.#count;
    this.#count = 0;
    return { lines: this.#lines.slice(0, count), offsets: this.#offsets.slice(0, count) };
  }
}

function doubled(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
