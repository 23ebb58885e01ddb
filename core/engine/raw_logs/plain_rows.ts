/**
 * Reads usual rows of raw logs where they lie: no object and no text is made of them.
 *
 * @module
 */
import { JsonBatch } from "../../codecs/json_batch.ts";
import type { JsonRow } from "../../codecs/json_row.ts";
import { JsonScanner } from "../../codecs/json_scanner.ts";
import type { HourLines } from "./hour_lines.ts";
import { hourOf } from "./hours.ts";
import { AHEAD, atOf } from "./row_time.ts";

const QUOTE = 0x22, BACKSLASH = 0x5c, OPEN = 0x7b, CLOSE = 0x7d, OPEN_LIST = 0x5b, ZERO = 0x30, NINE = 0x39;
const LETTER_C = 0x63, LETTER_E = 0x65, LETTER_F = 0x66, LETTER_S = 0x73, LETTER_T = 0x74;

/** Fields that rows are read by. */
const NAMES = ["type", "name", "uuid", "app", "at", "at_millis", "late", "customer_ids"] as const;

/** Names of fields that are remembered. */
const MOST_NAMES = 4_096;

/** Digits of a time that is no question. */
const MOST_DIGITS = 15;

const encoder = new TextEncoder();

/** Where a row goes, and what it is read with. */
export interface RowPlace {
  readonly app: string;
  /** The time of events that have none. */
  readonly now: number;
  readonly hours: HourLines;
}

/** The numbers that the scanner has given to them. */
type FieldNumbers = Readonly<Record<typeof NAMES[number], number>>;

/** Reads rows of one batch after another. */
export class PlainRows {
  #batch = newBatch();
  #scanner = new JsonScanner(this.#batch);
  #fields: FieldNumbers | undefined;
  /** The end of the last line, and what it was made of. */
  #tail: { readonly app: string; readonly second: number; readonly bytes: Uint8Array } | undefined;

  /**
   * Adds the row `bytes[start..end)`, which has neither blanks around it nor a line break in it, to its hour. False, with
   * nothing added, for whatever is no plain row: one that is wrong, or written in an unusual way.
   */
  add(bytes: Uint8Array, start: number, end: number, { app, now, hours }: RowPlace): boolean {
    if (this.#batch.columns.count > MOST_NAMES) this.#forget();
    if (this.#scanner.scan(bytes, start, end) !== "row") return false;
    this.#batch.drop();
    // Behind the first row: names that come in the same order each time are found at once.
    const fields = this.#fields ??= numbersOf(this.#batch), { row } = this.#batch;
    // What had to be written anew is not as the sender wrote it.
    const isAsItWas = row.made.length === 0 && !row.has(fields.app) && !row.has(fields.at) && !row.has(fields.late);
    if (!isAsItWas || !isSound(row, bytes, fields)) return false;
    const { at_millis } = fields;
    const given = row.has(at_millis) ? wholeNumber(bytes, row.starts[at_millis]!, row.ends[at_millis]!) : now;
    if (given === undefined || given > now + AHEAD) return false;
    const uuid = row.has(fields.uuid) ? "" : `,"uuid":"${crypto.randomUUID()}"`;
    const more = row.has(at_millis) ? uuid : `${uuid},"at_millis":${now}`;
    const tail = more === "" ? this.#tailOf(app, given) : encoder.encode(more + tailText(app, given));
    hours.put(hourOf(given), bytes, start, end - 1, tail);
    return true;
  }

  #forget(): void {
    this.#batch = newBatch();
    this.#scanner = new JsonScanner(this.#batch);
    this.#fields = undefined;
  }

  #tailOf(app: string, time: number): Uint8Array {
    const second = Math.floor(time / 1_000);
    if (this.#tail?.second !== second || this.#tail.app !== app) {
      this.#tail = { app, second, bytes: encoder.encode(tailText(app, time)) };
    }
    return this.#tail.bytes;
  }
}

/** The scanner wants one; rows are taken from where they lie, so it keeps but the least of them. */
function newBatch(): JsonBatch {
  return new JsonBatch(["type"]);
}

function numbersOf({ columns }: JsonBatch): FieldNumbers {
  return Object.fromEntries(NAMES.map((name) => [name, columns.named(name)])) as FieldNumbers;
}

/** Whether what a row is read by is as it should be. */
function isSound(row: JsonRow, bytes: Uint8Array, { type, name, uuid, customer_ids }: FieldNumbers): boolean {
  const { starts, ends } = row;
  const isText = (field: number) => bytes[starts[field]!] === QUOTE && ends[field]! - starts[field]! > 2;
  if (!row.has(type) || !isText(type) || ends[type]! - starts[type]! !== 3) return false;
  const letter = bytes[starts[type]! + 1];
  if (letter !== LETTER_E && letter !== LETTER_S && letter !== LETTER_C) return false;
  if (letter === LETTER_E && !(row.has(name) && isText(name))) return false;
  if (row.has(uuid) && !isText(uuid)) return false;
  return !row.has(customer_ids) || holdsIds(bytes, starts[customer_ids]!, ends[customer_ids]!);
}

/** What ends each line: the fields that Waybill gives. */
function tailText(app: string, time: number): string {
  return `,"app":"${app}","at":"${atOf(time)}"}\n`;
}

/** A number of digits alone. */
function wholeNumber(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > MOST_DIGITS) return undefined;
  let number = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]!;
    if (digit < ZERO || digit > NINE) return undefined;
    number = 10 * number + digit - ZERO;
  }
  return number;
}

/** Whether an object, which is whole, has no values but texts, numbers and null. */
function holdsIds(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== OPEN) return false;
  for (let at = start + 1; at < end - 1; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      for (at++; bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
    } else if (byte === OPEN || byte === OPEN_LIST || byte === LETTER_T || byte === LETTER_F) return false;
  }
  return bytes[end - 1] === CLOSE;
}
