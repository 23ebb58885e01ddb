/**
 * Where the rows of a batch stand in their file, while it is read.
 *
 * @module
 */
import type { RowPlaces } from "../contracts/records.ts";

/** Collects places. */
export class PlaceList {
  #lines: number[] = [];
  #offsets: number[] = [];

  /** Adds a row's. */
  add(line: number, offset: number): void {
    this.#lines.push(line);
    this.#offsets.push(offset);
  }

  /** Those since the last call. */
  take(): RowPlaces {
    const places = { lines: Float64Array.from(this.#lines), offsets: Float64Array.from(this.#offsets) };
    this.#lines = [];
    this.#offsets = [];
    return places;
  }
}
