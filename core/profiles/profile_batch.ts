/**
 * A batch of events as profiles see it: what each event writes, and which events share an identity.
 *
 * @module
 */
import { foldsCase, type IdentityHasher, normaliseIdentity } from "./identity.ts";
import { IdentitySlots } from "./identity_slots.ts";
import { type IndexedBatch, isEmptyValue } from "./indexed_batch.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const QUOTE = 34, BACKSLASH = 92, COMMA = 44, OPEN = 123, CLOSE = 125, SPACE = 32;

/** Which events a batch holds and what they say, under the default mapping: same names, latest value wins. */
export class ProfileBatch {
  /** Events added. */
  count = 0;
  /** Event times. */
  times = new Float64Array(1024);
  /** Distinct identities of the batch. */
  readonly slots: IdentitySlots;
  /** For each slot, the first event that has it. */
  readonly owners: number[] = [];
  #parents = new Int32Array(1024);
  #identified = new Uint8Array(1024);
  #texts: Uint8Array<ArrayBuffer> = new Uint8Array(65_536);
  #ends = new Float64Array(1025);
  #scratch = new Uint8Array(256);

  /** Fields that identify a profile. */
  readonly identifyBy: readonly string[];

  /** `hashers` are those of the fields that identify a profile. */
  constructor(hashers: readonly IdentityHasher[]) {
    this.identifyBy = hashers.map(({ field }) => field);
    this.slots = new IdentitySlots(hashers);
  }

  /** Adds a batch's events; those without a time of their own get `startedAt`. */
  add(batch: IndexedBatch, startedAt: number): void {
    const { names, spans } = batch.columns;
    const width = names.length;
    this.#reserve(batch.times.length);
    const order = names.map((_, column) => column).sort((a, b) => names[a]! < names[b]! ? -1 : 1);
    const keys = names.map((name) => encoder.encode(`${JSON.stringify(name)}:`));
    const identities = this.identifyBy.flatMap((field, index) => {
      const column = names.indexOf(field);
      return column < 0 ? [] : [{ index, column, fold: foldsCase(field) }];
    });
    for (let row = 0; row < batch.times.length; row++) {
      const event = this.count++;
      const time = batch.times[row]!;
      this.times[event] = Number.isNaN(time) ? startedAt : time;
      this.#parents[event] = event;
      const span = 2 * row * width;
      this.#writeAttributes(event, batch.bytes, spans, span, order, keys);
      for (const { index, column, fold } of identities) {
        const from = spans[span + 2 * column]!, to = spans[span + 2 * column + 1]!;
        if (!isEmptyValue(batch.bytes, from, to - from)) this.#identify(event, index, fold, batch.bytes, from, to);
      }
    }
  }

  /** What the event writes: a JSON object with sorted keys and no empty values. */
  attributes(event: number): string {
    return decoder.decode(this.#texts.subarray(this.#ends[event], this.#ends[event + 1]));
  }

  /** Events that name nobody. */
  get unidentified(): number {
    let count = 0;
    for (let event = 0; event < this.count; event++) if (this.#identified[event] === 0) count++;
    return count;
  }

  /** Whether the event names anybody. */
  identified(event: number): boolean {
    return this.#identified[event] === 1;
  }

  /** The first event of those that share an identity, transitively, with this one. */
  root(event: number): number {
    let root = event;
    while (this.#parents[root] !== root) root = this.#parents[root]!;
    while (this.#parents[event] !== root) {
      const next = this.#parents[event]!;
      this.#parents[event] = root;
      event = next;
    }
    return root;
  }

  /** Makes two events, and all that share an identity with either, one profile. */
  unite(a: number, b: number): void {
    const first = this.root(a), second = this.root(b);
    if (first < second) this.#parents[second] = first;
    else this.#parents[first] = second;
  }

  #identify(event: number, field: number, fold: boolean, bytes: Uint8Array, from: number, to: number): void {
    const quoted = bytes[from] === QUOTE;
    let start = quoted ? from + 1 : from, end = quoted ? to - 1 : to;
    if (this.#scratch.length < end - start) this.#scratch = new Uint8Array(2 * (end - start));
    const scratch = this.#scratch;
    let length = 0;
    let plain = quoted || (bytes[from]! >= 45 && bytes[from]! <= 57);
    // Plain printable ASCII is normalised in place; anything else goes through strings.
    if (plain && quoted) plain = bytes[start]! > SPACE && bytes[end - 1]! > SPACE;
    for (let at = start; plain && at < end; at++) {
      let byte = bytes[at]!;
      if (byte < SPACE || byte > 126 || byte === BACKSLASH) plain = false;
      if (fold && byte >= 65 && byte <= 90) byte += 32;
      scratch[length++] = byte;
    }
    let value: Uint8Array = scratch;
    if (!plain || !quoted) {
      const text = normaliseIdentity(this.identifyBy[field]!, JSON.parse(decoder.decode(bytes.subarray(from, to))));
      if (text === undefined) return;
      value = encoder.encode(text);
      length = value.length;
    }
    start = 0;
    end = length;
    const known = this.slots.count;
    const slot = this.slots.add(field, value, start, end);
    this.#identified[event] = 1;
    if (slot === known) this.owners.push(event);
    else this.unite(event, this.owners[slot]!);
  }

  #writeAttributes(
    event: number,
    bytes: Uint8Array,
    spans: Uint32Array,
    span: number,
    order: readonly number[],
    keys: readonly Uint8Array[],
  ): void {
    let put = this.#ends[event]!;
    let texts = this.#texts;
    texts[put++] = OPEN;
    let first = true;
    for (const column of order) {
      const from = spans[span + 2 * column]!, to = spans[span + 2 * column + 1]!;
      const size = to - from;
      if (isEmptyValue(bytes, from, size)) continue;
      const key = keys[column]!;
      if (put + key.length + size + 3 > texts.length) {
        texts = new Uint8Array(2 * texts.length + key.length + size);
        texts.set(this.#texts);
        this.#texts = texts;
      }
      if (!first) texts[put++] = COMMA;
      first = false;
      for (let at = 0; at < key.length; at++) texts[put++] = key[at]!;
      if (size > 128) {
        texts.set(bytes.subarray(from, to), put);
        put += size;
      } else {
        for (let at = from; at < to; at++) texts[put++] = bytes[at]!;
      }
    }
    texts[put++] = CLOSE;
    this.#ends[event + 1] = put;
    if (put + 2 > texts.length) {
      this.#texts = new Uint8Array(2 * texts.length);
      this.#texts.set(texts);
    }
  }

  #reserve(more: number): void {
    const need = this.count + more;
    if (need <= this.times.length) return;
    const size = Math.max(need, 2 * this.times.length);
    const copy = <T extends Int32Array | Uint8Array | Float64Array>(larger: T, old: T): T => {
      larger.set(old);
      return larger;
    };
    this.times = copy(new Float64Array(size), this.times);
    this.#parents = copy(new Int32Array(size), this.#parents);
    this.#identified = copy(new Uint8Array(size), this.#identified);
    this.#ends = copy(new Float64Array(size + 1), this.#ends);
  }
}
