/**
 * A set of profile ids: a bit each, in pages that are made where there are any.
 *
 * @module
 */

/** Ids of a page: 8 KiB. */
const PAGE = 65_536;

/** Whole numbers from 0 on, at best such as lie close together. */
export class IdSet {
  readonly #pages = new Map<number, Uint8Array>();
  /** How many there are. */
  size = 0;

  /** Adds one. */
  add(id: number): void {
    const number = Math.floor(id / PAGE), bit = id - number * PAGE;
    let page = this.#pages.get(number);
    if (page === undefined) this.#pages.set(number, page = new Uint8Array(PAGE / 8));
    const before = page[bit >>> 3]!, after = before | 1 << (bit & 7);
    if (after === before) return;
    page[bit >>> 3] = after;
    this.size++;
  }

  /** Whether one is there. */
  has(id: number): boolean {
    const number = Math.floor(id / PAGE), bit = id - number * PAGE;
    return ((this.#pages.get(number)?.[bit >>> 3] ?? 0) & 1 << (bit & 7)) !== 0;
  }
}
