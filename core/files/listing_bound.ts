/**
 * Bounds what the listing of a folder may hold in memory: no server is trusted to come to its end.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";

/** Most names of a folder. With their attributes they take about 300 MB. */
export const MOST_NAMES = 1_000_000;

/** Most characters of a folder's names together. */
export const MOST_CHARACTERS = 100_000_000;

/** Counts what a server has listed of one folder. */
export class ListingBound {
  #names = 0;
  #characters = 0;

  /** `path` is the folder's, as messages name it. */
  constructor(private readonly path: string) {}

  /**
   * Counts the names of one answer. An answer without any counts as a name: there may be no end of them. Throws a `Failure`
   * of kind `config` where the folder is too large.
   */
  add(names: readonly string[]): void {
    this.#names += Math.max(1, names.length);
    for (const name of names) this.#characters += name.length;
    if (this.#names <= MOST_NAMES && this.#characters <= MOST_CHARACTERS) return;
    const most = this.#names > MOST_NAMES
      ? `${MOST_NAMES.toLocaleString("en")} names`
      : `${MOST_CHARACTERS.toLocaleString("en")} characters of names`;
    throw new Failure("config", `The server lists more than ${most} in folder "${this.path}"`, {
      hint: "Have what is imported moved out of it, or give another folder",
    });
  }
}
