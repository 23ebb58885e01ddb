/**
 * The rows of a profile import in an indexed batch: `{"customer_id":…,"changes":[…]}`.
 *
 * Most rows assign one plain value. Those are read where they lie, without an object.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { giveBack } from "../../contracts/give_back.ts";
import { parseJson } from "../../contracts/json.ts";
import type { JsonValue } from "../../contracts/records.ts";
import { sameBytes, viewOf } from "../byte_stretches.ts";
import type { IndexedBatch } from "../indexed_batch.ts";
import type { NamedChange } from "../profile_state.ts";
import { CUSTOMER_ID, readChanges } from "./read_changes.ts";

const BEFORE_NAME = Buffer.from('[{"op":"assign","attr":"'), BEFORE_VALUE = Buffer.from('","value":');
const QUOTE = 34, COMMA = 44, BACKSLASH = 92, SPACE = 32, LETTER_N = 110;
const OPEN_LIST = 91, CLOSE_LIST = 93, OPEN = 123, CLOSE = 125;

/** Numbers that are kept of each row. */
const WIDTH = 4;

/** Of batches that somebody reads: where the rows that assign one plain value have its name and it; else zeros. */
const located = new WeakMap<IndexedBatch, Uint32Array>();

/** The rows, one at a time. A batch that is read several times is looked through once. */
export class ChangeRows {
  /** Where the customer id lies, quotes included; both the same where the row has none. */
  idStart = 0;
  idEnd = 0;
  /** Of a row that assigns one plain value: where the attribute's name lies, without its quotes. */
  nameStart = 0;
  nameEnd = 0;
  /** And its value. */
  valueStart = 0;
  valueEnd = 0;
  #start = 0;
  #end = 0;
  /** Of the row that was found plain last: all before its value, which most rows have in common. */
  #before = { start: 0, size: 0, name: 0 };
  readonly #view: DataView;
  readonly #plain: Uint32Array;
  readonly #id: number;
  readonly #changes: number;
  /** The attribute that was asked for last, and where a row has it: most rows have the one that the row before has. */
  #name = "";
  #named = 0;
  readonly #decoder = new TextDecoder();

  constructor(private readonly batch: IndexedBatch) {
    const { columns: { names } } = batch;
    this.#view = viewOf(batch.bytes);
    this.#id = names.indexOf(CUSTOMER_ID);
    this.#changes = names.indexOf("changes");
    let plain = located.get(batch);
    if (plain === undefined) {
      plain = this.#locate();
      located.set(batch, plain);
    }
    this.#plain = plain;
  }

  /** Moves to a row; tells whether it assigns one plain value. */
  move(row: number): boolean {
    const plain = this.#plain, at = WIDTH * row;
    this.#find(row);
    this.nameStart = plain[at]!;
    this.nameEnd = plain[at + 1]!;
    this.valueStart = plain[at + 2]!;
    this.valueEnd = plain[at + 3]!;
    return this.nameEnd > 0;
  }

  /** The attribute of a row that assigns one plain value. */
  get name(): string {
    const { bytes } = this.batch, size = this.nameEnd - this.nameStart;
    let same = size === this.#name.length;
    for (let at = 0; same && at < size; at++) same = bytes[this.nameStart + at] === bytes[this.#named + at];
    if (!same) {
      this.#name = this.#decoder.decode(bytes.subarray(this.nameStart, this.nameEnd));
      this.#named = this.nameStart;
    }
    return this.#name;
  }

  /** The value of a row that assigns one plain value. */
  get value(): JsonValue | undefined {
    return this.#parse(this.valueStart, this.valueEnd);
  }

  /** The customer id; a number is the text that names the same customer. */
  get id(): JsonValue | undefined {
    const id = this.#parse(this.idStart, this.idEnd);
    return typeof id === "number" ? String(id) : id;
  }

  /** What the row's operations come to, or why they are none. */
  changes(): NamedChange[] | string {
    return readChanges(this.#parse(this.#start, this.#end));
  }

  #parse(start: number, end: number): JsonValue | undefined {
    return start === end ? undefined : parseJson(this.#decoder.decode(this.batch.bytes.subarray(start, end)));
  }

  /** Points at the row's values. */
  #find(row: number): void {
    const { columns: { names, spans } } = this.batch;
    const first = 2 * row * names.length, id = first + 2 * this.#id, changes = first + 2 * this.#changes;
    this.idStart = this.#id < 0 ? 0 : spans[id]!;
    this.idEnd = this.#id < 0 ? 0 : spans[id + 1]!;
    this.#start = this.#changes < 0 ? 0 : spans[changes]!;
    this.#end = this.#changes < 0 ? 0 : spans[changes + 1]!;
  }

  /** Looks through the rows. */
  #locate(): Uint32Array {
    const count = this.batch.times.length, plain = new Uint32Array(WIDTH * count);
    for (let row = 0, at = 0; row < count; row++, at += WIDTH) {
      this.#find(row);
      if (!this.#isPlain()) continue;
      plain[at] = this.nameStart;
      plain[at + 1] = this.nameEnd;
      plain[at + 2] = this.valueStart;
      plain[at + 3] = this.valueEnd;
    }
    return plain;
  }

  #isPlain(): boolean {
    const { bytes } = this.batch, { size, name } = this.#before;
    // Others are written as they are: an id has to be a text there.
    if (bytes[this.idStart] !== QUOTE) return false;
    // The shortest that can be: one letter, one digit.
    if (this.#end - this.#start < BEFORE_NAME.length + BEFORE_VALUE.length + 4) return false;
    if (
      size > 0 && this.#end - this.#start > size &&
      sameBytes(this.#view, this.#before.start, this.#view, this.#start, size)
    ) {
      this.nameStart = this.#start + BEFORE_NAME.length;
      this.nameEnd = this.nameStart + name;
      this.valueStart = this.#start + size;
    } else {
      if (!this.#isNamed()) return false;
      this.#before.start = this.#start;
      this.#before.size = this.valueStart - this.#start;
      this.#before.name = this.nameEnd - this.nameStart;
    }
    let at = this.valueStart;
    const first = bytes[at];
    if (first === QUOTE) {
      for (at++; bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
      at++;
    } else if (first === OPEN || first === OPEN_LIST || first === LETTER_N) return false;
    // What follows a comma belongs to the operation, and not to its value.
    else while (bytes[at] !== CLOSE && bytes[at] !== COMMA && at < this.#end) at++;
    this.valueEnd = at;
    return at === this.#end - 2 && bytes[at] === CLOSE && bytes[at + 1] === CLOSE_LIST;
  }

  /** Whether the operations begin as the one of a plain row does, up to its value. */
  #isNamed(): boolean {
    const { bytes } = this.batch;
    let at = this.#start;
    for (let index = 0; index < BEFORE_NAME.length; index++) if (bytes[at++] !== BEFORE_NAME[index]) return false;
    this.nameStart = at;
    for (; bytes[at] !== QUOTE; at++) {
      const byte = bytes[at]!;
      if (byte === BACKSLASH || byte < SPACE || byte > 126) return false;
    }
    this.nameEnd = at;
    const size = at - this.nameStart;
    if (size === 0 || size > 1_000 || size === CUSTOMER_ID.length && this.name === CUSTOMER_ID) return false;
    for (let index = 0; index < BEFORE_VALUE.length; index++) if (bytes[at++] !== BEFORE_VALUE[index]) return false;
    this.valueStart = at;
    return true;
  }
}

/** Frees what is kept of a batch that nobody reads any more. */
export function forgetRows(batch: IndexedBatch): void {
  const plain = located.get(batch);
  if (plain !== undefined) giveBack(plain);
  located.delete(batch);
}

/** Whether rows of a batch may be those of a profile import. */
export function hasChanges({ columns: { names } }: IndexedBatch): boolean {
  return names.includes(CUSTOMER_ID) && names.includes("changes");
}
