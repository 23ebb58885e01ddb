/**
 * Which bytes of a file have come: clients have many writes on the way, and not always in order.
 *
 * @module
 */

/** Most gaps that are kept in mind; with more, what comes after them counts as not there. */
const MOST = 1_000;

/** The stretch of a file that has come without gaps from its start, and those that wait for the gap before them. */
export class Ranges {
  /** In order, apart from each other and from the start's. */
  #waiting: { start: number; end: number }[] = [];

  /** @param prefix Bytes from the start that are there already. */
  constructor(private prefix: number) {}

  /** Bytes from the start that have come without a gap. */
  get contiguous(): number {
    return this.prefix;
  }

  /** Bytes from `start` to `end` have come. */
  add(start: number, end: number): void {
    if (start <= this.prefix) {
      this.prefix = Math.max(this.prefix, end);
      this.#absorb();
    } else this.#wait(start, end);
  }

  /** The file ends here now. */
  cut(size: number): void {
    this.prefix = Math.min(this.prefix, size);
    this.#waiting = this.#waiting.filter(({ start }) => start < size);
    const last = this.#waiting.at(-1);
    if (last !== undefined) last.end = Math.min(last.end, size);
  }

  #absorb(): void {
    let next = this.#waiting[0];
    while (next !== undefined && next.start <= this.prefix) {
      this.prefix = Math.max(this.prefix, next.end);
      this.#waiting.shift();
      next = this.#waiting[0];
    }
  }

  #wait(start: number, end: number): void {
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1]!.start > start) at--;
    const before = this.#waiting[at - 1];
    if (before !== undefined && before.end >= start) {
      before.end = Math.max(before.end, end);
      at--;
    } else {
      if (this.#waiting.length >= MOST) return;
      this.#waiting.splice(at, 0, { start, end });
    }
    const here = this.#waiting[at];
    for (let next = this.#waiting[at + 1]; here && next && next.start <= here.end; next = this.#waiting[at + 1]) {
      here.end = Math.max(here.end, next.end);
      this.#waiting.splice(at + 1, 1);
    }
  }
}
