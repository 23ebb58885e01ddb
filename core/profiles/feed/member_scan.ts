/**
 * Members of profiles as they are stored, found in the bytes: of most nothing needs to be parsed.
 *
 * Stored attributes are one JSON object without white space, most often with names in ascending order.
 *
 * @module
 */
import { valueEnd } from "../../codecs/json_field_spans.ts";
import { CUSTOMER_ID } from "../changes/read_changes.ts";

/** Bytes of JSON. */
export const QUOTE = 34,
  COMMA = 44,
  COLON = 58,
  BACKSLASH = 92,
  OPEN = 123,
  CLOSE = 125,
  OPEN_LIST = 91,
  CLOSE_LIST = 93;

const encoder = new TextEncoder();

/** `"customer_id"`. */
const CUSTOMER_KEY = encoder.encode(JSON.stringify(CUSTOMER_ID));
/** `"_ll.`: names of ours, among others. */
const OUR_KEYS = encoder.encode('"_ll.');
/** No customer. */
const NOBODY = [0, 0] as const;

/**
 * Where the text of `customer_id` stands in the attributes that begin at `start`: an empty stretch where there is none.
 * Undefined where the attributes have to be parsed: for names with escapes, names of ours, and ids that are no texts.
 */
export function customerIn(bytes: Uint8Array, start: number): readonly [from: number, to: number] | undefined {
  for (let at = start + 1; bytes[at] === QUOTE; at++) {
    const key = at;
    at = endOfText(bytes, at);
    if (at < 0 || isOurs(bytes, key)) return undefined;
    const length = at - key;
    if (bytes[at++] !== COLON) return undefined;
    if (isCustomer(bytes, key, length)) {
      const end = bytes[at] === QUOTE ? valueEnd(bytes, at, bytes.length) : -1;
      return end < 0 ? undefined : [at, end];
    }
    // Names ascend, those of ours before this one.
    if (isAfterCustomer(bytes, key)) return NOBODY;
    at = valueEnd(bytes, at, bytes.length);
    if (bytes[at] === CLOSE) return NOBODY;
    if (bytes[at] !== COMMA) return undefined;
  }
  return bytes[start + 1] === CLOSE ? NOBODY : undefined;
}

/** Whether a name, of which the quotes are part, may be one of ours. */
export function isOurs(bytes: Uint8Array, key: number): boolean {
  return begins(bytes, key, OUR_KEYS);
}

/** Whether a name of so many bytes, quotes and all, is `customer_id`. */
export function isCustomer(bytes: Uint8Array, key: number, length: number): boolean {
  return length === CUSTOMER_KEY.length && begins(bytes, key, CUSTOMER_KEY);
}

function begins(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false;
  return true;
}

function isAfterCustomer(bytes: Uint8Array, key: number): boolean {
  for (let index = 1; index < CUSTOMER_KEY.length; index++) {
    const order = bytes[key + index]! - CUSTOMER_KEY[index]!;
    if (order !== 0) return order > 0;
  }
  return false;
}

/** Where a text without escapes ends that begins at `at`; -1 for one that has some. */
export function endOfText(bytes: Uint8Array, at: number): number {
  for (at++;; at++) {
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] === BACKSLASH) return -1;
  }
}
