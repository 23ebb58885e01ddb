/**
 * Which members differ between two states of a profile, found in the bytes as they are stored: few of them do, and
 * parsing both states takes several times as long.
 *
 * @module
 */
import { valueEnd } from "../../codecs/json_field_spans.ts";
import { parseJson } from "../../contracts/json.ts";
import type { JsonValue } from "../../contracts/records.ts";
import { viewOf } from "../byte_stretches.ts";
import {
  BACKSLASH,
  CLOSE,
  CLOSE_LIST,
  COLON,
  COMMA,
  endOfText,
  isCustomer,
  isOurs,
  OPEN,
  OPEN_LIST,
  QUOTE,
} from "./member_scan.ts";
import type { ShownProfiles } from "./shown_profile.ts";

const decoder = new TextDecoder();

/** Compares states, one pair after another; what it has found is of the last pair, and only if that could be compared. */
export class ChangedMembers {
  /** Where members stand in the later bytes that are new, or others: begins and ends, in turns. */
  readonly updates: number[] = [];
  /** Where names stand in the earlier bytes that are gone, with their quotes: begins and ends, in turns. */
  readonly gone: number[] = [];
  /** Where the later `customer_id` stands, a text with its quotes; both 0 where none is shown. */
  customerFrom = 0;
  customerTo = 0;
  /** Where the two states end. */
  earlierEnd = 0;
  laterEnd = 0;
  /** Views of the bytes that hold the earlier and the later states. */
  readonly earlier: DataView;
  readonly later: DataView;
  #isNew = false;

  /** Compares what is shown of states that stand in these bytes. */
  constructor(
    private readonly before: Uint8Array,
    private readonly last: Uint8Array,
    private readonly shown: ShownProfiles,
  ) {
    this.earlier = viewOf(before);
    this.later = viewOf(last);
  }

  /**
   * Compares the two objects that begin there. False where they have to be parsed: for names with escapes, customer ids
   * that are no texts, differences in names of ours and in what is not shown as it is stored, and where some names are
   * gone and others new, which those that do not ascend would look like.
   */
  compare(earlier: number, later: number): boolean {
    const { before, last } = this;
    this.updates.length = this.gone.length = 0;
    this.customerFrom = this.customerTo = 0;
    this.#isNew = false;
    let one = earlier + 1, two = later + 1;
    while (before[one] === QUOTE || last[two] === QUOTE) {
      // Both are gone through side by side for as long as they are the same.
      let name = 1;
      while (last[two + name] === before[one + name] && last[two + name] !== QUOTE) {
        if (last[two + name++] === BACKSLASH) return false;
      }
      const isBoth = before[one] === last[two] && before[one + name] === last[two + name];
      if (isBoth) {
        const same = sameValueEnd(before, one + ++name, last, two + name);
        const end = same < 0 ? valueEnd(last, two + name + 1, last.length) : same;
        if (isCustomer(last, two, name) && !this.#noteCustomer(two + name + 1, end)) return false;
        let ownEnd = one + end - two;
        if (same < 0) {
          const own = one + name + 1;
          ownEnd = valueEnd(before, own, before.length);
          const differs = this.#differ(own, ownEnd, two + name + 1, end);
          if (differs && !this.#noteUpdate(two, two + name, end)) return false;
        }
        one = next(before, ownEnd);
        two = next(last, end);
      } else if (orderOfNames(before, one, last, two, name) < 0) one = this.#passGone(one);
      else two = this.#passNew(two);
      if (one < 0 || two < 0) return false;
    }
    this.earlierEnd = one + 1;
    this.laterEnd = two + 1;
    return before[one] === CLOSE && last[two] === CLOSE && (!this.#isNew || this.gone.length === 0);
  }

  /** Notes a member of the later state alone, as {@linkcode #passGone}. */
  #passNew(at: number): number {
    const { last } = this, name = endOfText(last, at);
    if (name < 0 || last[name] !== COLON) return -1;
    const end = valueEnd(last, name + 1, last.length);
    if (isCustomer(last, at, name - at) && !this.#noteCustomer(name + 1, end)) return -1;
    this.#isNew = true;
    return this.#noteUpdate(at, name, end) ? next(last, end) : -1;
  }

  /** Notes a member of the earlier state alone; gives where the next one begins, -1 where it has to be parsed. */
  #passGone(at: number): number {
    const end = endOfText(this.before, at);
    if (end < 0 || this.before[end] !== COLON) return -1;
    const isShown = this.#isShown(this.before, at, end);
    if (isShown === undefined) return -1;
    if (isShown) this.gone.push(at, end);
    return next(this.before, valueEnd(this.before, end + 1, this.before.length));
  }

  #noteUpdate(at: number, nameEnd: number, end: number): boolean {
    const isShown = this.#isShown(this.last, at, nameEnd);
    if (isShown) this.updates.push(at, end);
    return isShown !== undefined;
  }

  #noteCustomer(from: number, to: number): boolean {
    const { customer } = this.shown;
    if (customer === "hidden") return true;
    if (customer === "converted" || this.last[from] !== QUOTE) return false;
    this.customerFrom = from;
    this.customerTo = to;
    return true;
  }

  /** Whether an attribute is shown as it is stored, or not at all; undefined where it has to be parsed. */
  #isShown(bytes: Uint8Array, at: number, end: number): boolean | undefined {
    if (isOurs(bytes, at)) return undefined;
    if (this.shown.asStored) return true;
    const how = this.shown.how(decoder.decode(bytes.subarray(at + 1, end - 1)));
    return how === "converted" ? undefined : how === "stored";
  }

  /** Whether two values differ whose texts do. */
  #differ(own: number, ownEnd: number, value: number, end: number): boolean {
    const { before, last } = this;
    if (before[own] === QUOTE && last[value] === QUOTE) {
      // Only with escapes are there two ways to write a text.
      if (endOfText(before, own) === ownEnd && endOfText(last, value) === end) return true;
    }
    const parse = (bytes: Uint8Array, from: number, to: number) => parseJson(decoder.decode(bytes.subarray(from, to)));
    return !isSame(parse(before, own, ownEnd), parse(last, value, end));
  }
}

/** Whether an attribute was what it is. */
export function isSame(before: JsonValue | undefined, value: JsonValue): boolean {
  if (before === value) return true;
  return typeof before === "object" && typeof value === "object" && JSON.stringify(before) === JSON.stringify(value);
}

/** Which of two names comes first, that are the same in so many bytes; one that is not there comes after the other. */
function orderOfNames(before: Uint8Array, one: number, last: Uint8Array, two: number, same: number): number {
  if (before[one] !== QUOTE) return 1;
  if (last[two] !== QUOTE || before[one + same] === QUOTE) return -1;
  return last[two + same] === QUOTE ? 1 : before[one + same]! - last[two + same]!;
}

/** Where a value ends in the later bytes that follows these colons and is the same in both; -1 where it is not. */
function sameValueEnd(before: Uint8Array, one: number, last: Uint8Array, two: number): number {
  const by = one - two;
  for (let depth = 0;;) {
    const byte = last[two]!, own = before[two + by];
    if (depth === 0 && (byte === COMMA || byte === CLOSE)) return own === COMMA || own === CLOSE ? two : -1;
    if (own !== byte) return -1;
    two++;
    if (byte === QUOTE) {
      for (;;) {
        const inner = last[two]!;
        if (before[two + by] !== inner) return -1;
        two++;
        if (inner === QUOTE) break;
        if (inner === BACKSLASH && before[two + by] !== last[two++]) return -1;
      }
    } else if (byte === OPEN || byte === OPEN_LIST) depth++;
    else if (byte === CLOSE || byte === CLOSE_LIST) depth--;
  }
}

/** Where the next member begins after a value, or the end of all is; -1 where there is something else. */
function next(bytes: Uint8Array, at: number): number {
  return bytes[at] === COMMA ? at + 1 : bytes[at] === CLOSE ? at : -1;
}
