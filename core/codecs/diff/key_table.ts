/**
 * Finds records by their 64-bit key.
 *
 * @module
 */

/** A table over records of `stride` words each, the first two of which are the key. Equal keys keep their order. */
export class KeyTable {
  readonly #words: Uint32Array;
  readonly #stride: number;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;

  /** The records must not change while the table is used. */
  constructor(words: Uint32Array, stride: number) {
    const count = words.length / stride;
    const slots = 2 ** Math.ceil(Math.log2(Math.max(2 * count, 2)));
    this.#words = words;
    this.#stride = stride;
    this.#heads = new Int32Array(slots).fill(-1);
    this.#next = new Int32Array(count);
    for (let record = count - 1; record >= 0; record--) {
      const slot = words[record * stride]! & slots - 1;
      this.#next[record] = this.#heads[slot]!;
      this.#heads[slot] = record;
    }
  }

  /** Whether a record of this key is left. */
  has(low: number, high: number): boolean {
    return this.#find(low, high).record >= 0;
  }

  /** Takes the first record of this key that is left; -1 where there is none. */
  take(low: number, high: number): number {
    const { slot, before, record } = this.#find(low, high);
    if (record < 0) return -1;
    if (before < 0) this.#heads[slot] = this.#next[record]!;
    else this.#next[before] = this.#next[record]!;
    return record;
  }

  /** The records that are left, in no order. */
  *left(): Generator<number> {
    for (let record of this.#heads) {
      for (; record >= 0; record = this.#next[record]!) yield record;
    }
  }

  #find(low: number, high: number): { readonly slot: number; readonly before: number; readonly record: number } {
    const slot = low & this.#heads.length - 1;
    let before = -1;
    let record = this.#heads[slot]!;
    while (record >= 0) {
      const at = record * this.#stride;
      if (this.#words[at] === low && this.#words[at + 1] === high) break;
      before = record;
      record = this.#next[record]!;
    }
    return { slot, before, record };
  }
}
