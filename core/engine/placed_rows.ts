/**
 * Where the rows of a commit stand in their file: for changes of profiles, which may not suit what those hold.
 *
 * @module
 */
import { grown } from "../contracts/give_back.ts";
import type { RowPlaces } from "../contracts/records.ts";

/** Collects the places of rows, commit after commit in the same memory. */
export class PlacedRows {
  #count = 0;
  #lines = new Float64Array(1_024);
  #offsets = new Float64Array(1_024);

  /** Forgets them. */
  clear(): void {
    this.#count = 0;
  }

  /** Adds a batch's; zeros where nobody told of them. */
  add(places: RowPlaces | undefined, rows: number): void {
    const first = this.#count, need = first + rows;
    if (need > this.#lines.length) {
      const size = Math.max(need, 2 * this.#lines.length);
      this.#lines = grown(this.#lines, new Float64Array(size));
      this.#offsets = grown(this.#offsets, new Float64Array(size));
    }
    this.#count = need;
    if (places === undefined) {
      this.#lines.fill(0, first, need);
      this.#offsets.fill(0, first, need);
      return;
    }
    this.#lines.set(places.lines, first);
    this.#offsets.set(places.offsets, first);
  }

  /** A copy of them. */
  get places(): RowPlaces {
    return { lines: this.#lines.slice(0, this.#count), offsets: this.#offsets.slice(0, this.#count) };
  }
}
