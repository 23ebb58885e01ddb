/**
 * The distinct identities of a batch: each gets a slot, found by its hash and compared by its value.
 *
 * @module
 */
import { COPY_SLACK, copyBytes, sameBytes, viewOf } from "./byte_stretches.ts";
import { giveBack, grown } from "../contracts/give_back.ts";
import type { IdentityHasher } from "./identity.ts";

/** The slots as they cross to another thread; all buffers are transferable. */
export interface PackedSlots {
  readonly count: number;
  readonly high: Int32Array<ArrayBuffer>;
  readonly low: Int32Array<ArrayBuffer>;
  readonly fields: Uint16Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What finds them; only for the memory. */
  readonly table: Int32Array<ArrayBuffer>;
}

/** Slots in the order of their keys, side by side with these. */
export interface SortedKeys {
  readonly slots: Int32Array;
  readonly keys: BigUint64Array;
}

/** A hash table over typed arrays: a million identities cost no object each. */
export class IdentitySlots {
  /** Slots in use. */
  count = 0;
  #table = new Int32Array(1024).fill(-1);
  #high = new Int32Array(512);
  #low = new Int32Array(512);
  #fields = new Uint16Array(512);
  #ends = new Uint32Array(513);
  #bytes = new Uint8Array(16_384);
  #view = viewOf(this.#bytes);
  /** All of them by their keys at the first attempt, made ahead. */
  #sorted: SortedKeys | undefined;

  /** `hashers` are the identity fields' own, in the mapping's order. */
  constructor(private readonly hashers: readonly IdentityHasher[]) {}

  /** Slots that were packed; none can be added to them. */
  static unpack(packed: PackedSlots, hashers: readonly IdentityHasher[]): IdentitySlots {
    const slots = new IdentitySlots(hashers);
    slots.count = packed.count;
    slots.#high = packed.high;
    slots.#low = packed.low;
    slots.#fields = packed.fields;
    slots.#ends = packed.ends;
    slots.#bytes = packed.bytes;
    slots.#view = viewOf(packed.bytes);
    slots.#table = packed.table;
    return slots;
  }

  /** No slots, in the memory of slots that were packed: pages once touched are cheaper than new ones. */
  static recycle(packed: PackedSlots, hashers: readonly IdentityHasher[]): IdentitySlots {
    const slots = IdentitySlots.unpack(packed, hashers);
    slots.count = 0;
    slots.#table.fill(-1);
    return slots;
  }

  /** What another thread needs of them. */
  pack(): PackedSlots {
    return {
      count: this.count,
      high: this.#high,
      low: this.#low,
      fields: this.#fields,
      ends: this.#ends,
      bytes: this.#bytes,
      table: this.#table,
    };
  }

  /** The slot of a normalised value of one identity field: the one it has, or a new one (`slot === count - 1`). */
  add(field: number, bytes: DataView, start: number, end: number): number {
    const hasher = this.hashers[field]!;
    hasher.hash(bytes, start, end, 0);
    const { high, low } = hasher;
    const mask = this.#table.length - 1;
    let place = (low ^ field) & mask;
    for (;; place = (place + 1) & mask) {
      const slot = this.#table[place]!;
      if (slot < 0) break;
      if (this.#low[slot] === low && this.#high[slot] === high && this.#holds(slot, field, bytes, start, end)) {
        return slot;
      }
    }
    if (this.count === this.#high.length) this.#growSlots();
    const slot = this.count++;
    this.#table[place] = slot;
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#fields[slot] = field;
    const from = this.#ends[slot]!;
    const to = from + end - start;
    if (to + COPY_SLACK > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, new Uint8Array(Math.max(2 * this.#bytes.length, to + COPY_SLACK)));
      this.#view = viewOf(this.#bytes);
    }
    copyBytes(bytes, start, end, this.#view, from);
    this.#ends[slot + 1] = to;
    if (2 * this.count > this.#table.length) this.#growTable();
    return slot;
  }

  /** Place of the slot's field among the identity fields. */
  field(slot: number): number {
    return this.#fields[slot]!;
  }

  /** Normalised value of the slot. */
  value(slot: number): string {
    return new TextDecoder().decode(this.#bytes.subarray(this.#ends[slot], this.#ends[slot + 1]));
  }

  /** Sorts the keys that `sortedKeys` is asked for first, and keeps them for it; no slot is added afterwards. */
  sortAhead(): void {
    const all = new Int32Array(this.count);
    for (let slot = 0; slot < all.length; slot++) all[slot] = slot;
    this.#sorted = this.sortedKeys(all, 0);
    giveBack(all);
  }

  /**
   * The given slots' keys at one attempt, in ascending order of the key, as the identity index takes them: slots and
   * keys side by side. The caller may give them back.
   */
  sortedKeys(slots: Int32Array, attempt: number): SortedKeys {
    const ahead = this.#sorted;
    this.#sorted = undefined;
    if (ahead !== undefined && attempt === 0 && slots.length === this.count) return ahead;
    const keys = new BigUint64Array(slots.length);
    const halves = new Int32Array(keys.buffer);
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index]!;
      if (attempt === 0) {
        halves[2 * index] = this.#low[slot]!;
        halves[2 * index + 1] = this.#high[slot]!;
      } else {
        const hasher = this.hashers[this.#fields[slot]!]!;
        hasher.hash(this.#view, this.#ends[slot]!, this.#ends[slot + 1]!, attempt);
        halves[2 * index] = hasher.low;
        halves[2 * index + 1] = hasher.high;
      }
    }
    const sorted = sortByKey(slots, keys);
    giveBack(keys);
    return sorted;
  }

  #holds(slot: number, field: number, bytes: DataView, start: number, end: number): boolean {
    const from = this.#ends[slot]!;
    if (this.#fields[slot] !== field || this.#ends[slot + 1]! - from !== end - start) return false;
    return sameBytes(bytes, start, this.#view, from, end - start);
  }

  #growSlots(): void {
    const size = 2 * this.#high.length;
    this.#high = grown(this.#high, new Int32Array(size));
    this.#low = grown(this.#low, new Int32Array(size));
    this.#fields = grown(this.#fields, new Uint16Array(size));
    this.#ends = grown(this.#ends, new Uint32Array(size + 1));
  }

  #growTable(): void {
    const table = new Int32Array(4 * this.#table.length).fill(-1);
    const mask = table.length - 1;
    for (let slot = 0; slot < this.count; slot++) {
      let place = (this.#low[slot]! ^ this.#fields[slot]!) & mask;
      while (table[place]! >= 0) place = (place + 1) & mask;
      table[place] = slot;
    }
    giveBack(this.#table);
    this.#table = table;
  }
}

/** Sorts slots by their keys: a radix sort by the upper 32 bits, then the few equal ones by the rest. */
function sortByKey(slots: Int32Array, keys: BigUint64Array): { slots: Int32Array; keys: BigUint64Array } {
  const count = slots.length;
  const words = new Uint32Array(keys.buffer, keys.byteOffset);
  let order = new Uint32Array(count), other = new Uint32Array(count);
  for (let index = 0; index < count; index++) order[index] = index;
  if (count < 2048) {
    order.sort((a, b) => words[2 * a + 1]! - words[2 * b + 1]!);
  } else {
    // The sorted word moves along with its place, so that every pass reads straight on; 11 bits fit the first cache.
    let highs = new Uint32Array(count), otherHighs = new Uint32Array(count);
    for (let index = 0; index < count; index++) highs[index] = words[2 * index + 1]!;
    const starts = new Uint32Array(2_049);
    for (const shift of [0, 11, 22]) {
      starts.fill(0);
      for (let index = 0; index < count; index++) starts[((highs[index]! >>> shift) & 2_047) + 1]!++;
      for (let bucket = 0; bucket < 2_048; bucket++) starts[bucket + 1]! += starts[bucket]!;
      for (let index = 0; index < count; index++) {
        const high = highs[index]!, put = starts[(high >>> shift) & 2_047]!++;
        other[put] = order[index]!;
        otherHighs[put] = high;
      }
      [order, other] = [other, order];
      [highs, otherHighs] = [otherHighs, highs];
    }
    giveBack(highs, otherHighs);
  }
  const sortedSlots = new Int32Array(count), sortedKeys = new BigUint64Array(count);
  const halves = new Uint32Array(sortedKeys.buffer);
  for (let index = 0; index < count; index++) {
    const from = order[index]!;
    sortedSlots[index] = slots[from]!;
    halves[2 * index] = words[2 * from]!;
    halves[2 * index + 1] = words[2 * from + 1]!;
  }
  giveBack(order, other);
  for (let index = 1; index < count; index++) {
    // Equal upper halves are rare: the big numbers are compared only there.
    for (let place = index; place > 0 && halves[2 * place + 1] === halves[2 * place - 1]; place--) {
      const key = sortedKeys[place]!, slot = sortedSlots[place]!;
      if (sortedKeys[place - 1]! <= key) break;
      sortedKeys[place] = sortedKeys[place - 1]!;
      sortedSlots[place] = sortedSlots[place - 1]!;
      sortedKeys[place - 1] = key;
      sortedSlots[place - 1] = slot;
    }
  }
  return { slots: sortedSlots, keys: sortedKeys };
}
