/**
 * Remembers what became of values by what their fields said: most columns of files say few different things.
 *
 * @module
 */
import type { BatchEvent } from "./batch_event.ts";
import { viewOf } from "./byte_stretches.ts";
import { JsonBytes } from "./json_bytes.ts";

/** Values that are told apart of a field, their longest, and outcomes that are remembered of a column. */
const MOST_VALUES = 2_048, LONGEST = 64, MOST_OUTCOMES = 8_192;
/** Looks before it shows whether most find what was met before. */
const TRIALS = 1_024;
/** Of so many batches one tries whether it pays, once it did not. */
const TRIED_AGAIN = 8;

/** The number of a value that is not told apart from others. */
export const UNKNOWN = -1;

/** Tells whether it pays to remember: while most of what is looked for was met before. */
export class Trial {
  pays = true;
  #looks = 0;
  #found = 0;
  /** Batches since it did not pay. */
  #passed = 0;

  /** Notes a look. */
  note(found: boolean): void {
    if (found) this.#found++;
    if (++this.#looks < TRIALS) return;
    this.pays = 2 * this.#found > TRIALS;
    this.#looks = this.#found = 0;
  }

  /** Tries anew, now and then where it did not pay. */
  again(): void {
    if (!this.pays && ++this.#passed < TRIED_AGAIN) return;
    this.pays = true;
    this.#passed = 0;
    this.#looks = this.#found = 0;
  }
}

/** The different values of one field of batches with the same fields, numbered from 0 as they come. */
export class FieldValues {
  readonly #trial = new Trial();
  #row = -1;
  #number = UNKNOWN;
  #count = 0;
  /** Numbers by hash, -1 for none; half of it stays empty. */
  readonly #table = new Int32Array(2 * MOST_VALUES).fill(-1);
  readonly #hashes = new Int32Array(MOST_VALUES);
  /** Where each stands in the kept ones. */
  readonly #starts = new Int32Array(MOST_VALUES);
  readonly #sizes = new Int32Array(MOST_VALUES);
  readonly #kept = new JsonBytes(new Uint8Array(1_024));

  /** `column` is the field's place in the batches. */
  constructor(private readonly column: number) {}

  /** Turns to another batch. */
  begin(): void {
    this.#row = -1;
    this.#trial.again();
  }

  /** The number of the value in the row that the event stands at; `UNKNOWN` for a long one and for one of many. */
  number(event: BatchEvent, row: number): number {
    if (row !== this.#row) {
      this.#row = row;
      this.#number = this.#trial.pays ? this.#find(event) : UNKNOWN;
    }
    return this.#number;
  }

  #find(event: BatchEvent): number {
    const { bytes } = event;
    const start = event.start(this.column);
    const size = event.has(this.column) ? event.end(this.column) - start : 0;
    if (size > LONGEST) {
      this.#trial.note(false);
      return UNKNOWN;
    }
    // FNV-1a.
    let hash = 0x811c9dc5 | 0;
    for (let at = start; at < start + size; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const mask = this.#table.length - 1;
    let place = (hash ^ hash >>> 15) & mask;
    for (; this.#table[place]! >= 0; place = (place + 1) & mask) {
      const number = this.#table[place]!;
      if (
        this.#hashes[number] === hash && this.#sizes[number] === size &&
        this.#isKept(this.#starts[number]!, bytes, start, size)
      ) {
        this.#trial.note(true);
        return number;
      }
    }
    this.#trial.note(false);
    if (this.#count === MOST_VALUES) return UNKNOWN;
    const number = this.#count++;
    this.#table[place] = number;
    this.#hashes[number] = hash;
    this.#starts[number] = this.#kept.length;
    this.#sizes[number] = size;
    this.#kept.reserve(size);
    for (let at = start; at < start + size; at++) this.#kept.put(bytes[at]!);
    return number;
  }

  #isKept(kept: number, bytes: Uint8Array, start: number, size: number): boolean {
    const known = this.#kept.bytes;
    for (let at = 0; at < size; at++) if (known[kept + at] !== bytes[start + at]) return false;
    return true;
  }
}

/** What one or two fields say together, as a number. */
export class Saying {
  constructor(private readonly fields: readonly FieldValues[]) {}

  /** It in the row that the event stands at; `UNKNOWN` where either field's value is. */
  number(event: BatchEvent, row: number): number {
    const { fields } = this;
    const first = fields[0]!.number(event, row);
    if (fields.length === 1 || first === UNKNOWN) return first;
    const second = fields[1]!.number(event, row);
    return second === UNKNOWN ? UNKNOWN : first * MOST_VALUES + second;
  }
}

/** Whether a condition held, by what its fields say. */
export class RememberedCondition {
  readonly #held = new Map<number, boolean>();

  constructor(private readonly saying: Saying, private readonly holds: (event: BatchEvent) => boolean) {}

  /** Whether it holds in the row that the event stands at. */
  of(event: BatchEvent, row: number): boolean {
    const said = this.saying.number(event, row);
    if (said === UNKNOWN) return this.holds(event);
    let held = this.#held.get(said);
    if (held === undefined) {
      held = this.holds(event);
      if (this.#held.size < MOST_OUTCOMES) this.#held.set(said, held);
    }
    return held;
  }
}

/** What became of a column, by what its fields say. */
export class RememberedValues {
  readonly #trial = new Trial();
  readonly #places = new Map<number, number>();
  readonly #values = new JsonBytes(new Uint8Array(4_096));
  #view = viewOf(this.#values.bytes);
  readonly #ends: number[] = [0];

  constructor(private readonly saying: Saying) {}

  /** Turns to another batch. */
  begin(): void {
    this.#trial.again();
  }

  /** What the row says, to look for; `UNKNOWN` where that does not pay. */
  said(event: BatchEvent, row: number): number {
    return this.#trial.pays ? this.saying.number(event, row) : UNKNOWN;
  }

  /** Writes what it became before, if it was met. */
  copy(said: number, into: JsonBytes): boolean {
    const place = this.#places.get(said);
    this.#trial.note(place !== undefined);
    if (place === undefined) return false;
    into.copy(this.#view, this.#ends[place]!, this.#ends[place + 1]!);
    return true;
  }

  /** Remembers what is written from `start` on. */
  keep(said: number, into: JsonBytes, start: number): void {
    const size = into.length - start;
    if (size > 2 * LONGEST || this.#places.size === MOST_OUTCOMES) return;
    this.#places.set(said, this.#places.size);
    this.#values.reserve(size);
    for (let at = start; at < into.length; at++) this.#values.put(into.bytes[at]!);
    this.#ends.push(this.#values.length);
    if (this.#view.buffer !== this.#values.bytes.buffer) this.#view = viewOf(this.#values.bytes);
  }
}
