/**
 * Stored profiles as lines of a file, from bytes to bytes: nothing is parsed that is only copied.
 *
 * @module
 */
import { viewOf } from "../byte_stretches.ts";
import { CUSTOMER_ID } from "../changes/read_changes.ts";
import { JsonBytes } from "../json_bytes.ts";
import type { ImagePage } from "./images.ts";
import {
  type FeedRows,
  membersText,
  namesText,
  PROFILE_ID,
  RAW_CUSTOMER_ID,
  type ShownProfiles,
} from "./shown_profile.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

const LINE_FEED = 10, QUOTE = 34, COMMA = 44, COLON = 58, BACKSLASH = 92, OPEN = 123, CLOSE = 125;
const OPEN_LIST = 91, CLOSE_LIST = 93;
/** `"customer_id"`. */
const CUSTOMER_KEY = encoder.encode(JSON.stringify(CUSTOMER_ID));
/** `"_ll.`: names of ours, among others. */
const OUR_KEYS = encoder.encode('"_ll.');
const RAW_CUSTOMER_MEMBER = encoder.encode(`"${RAW_CUSTOMER_ID}":`);
const PROFILE_MEMBER = encoder.encode(`"${PROFILE_ID}":"`);
/** What a line has beyond attributes and customer at most. */
const AROUND = RAW_CUSTOMER_MEMBER.length + PROFILE_MEMBER.length + 32;

/** The profiles of a page, a line each. */
export function profileLines({ ids, bytes, rows }: ImagePage, shown: ShownProfiles): FeedRows {
  const lines = new JsonBytes(new Uint8Array(bytes.length + 2 * AROUND * ids.length));
  const source = viewOf(bytes), customer = viewOf(RAW_CUSTOMER_MEMBER), profile = viewOf(PROFILE_MEMBER);
  const copied = (id: number, start: number, end: number): boolean => {
    const found = customerIn(bytes, start);
    if (found === undefined) return false;
    const [from, to] = found;
    lines.reserve(AROUND + to - from + end - start);
    lines.put(OPEN);
    if (from < to) {
      lines.putBytes(customer, 0, customer.byteLength);
      lines.putBytes(source, from, to);
      lines.put(COMMA);
    }
    lines.putBytes(profile, 0, profile.byteLength);
    lines.value(id);
    lines.put(QUOTE);
    if (bytes[start + 1] !== CLOSE) lines.put(COMMA);
    lines.putBytes(source, start + 1, end);
    lines.put(LINE_FEED);
    return true;
  };
  for (let index = 0; index < ids.length; index++) {
    const id = ids[index]!, start = rows[index]!, end = rows[index + 1]!;
    if (shown.asStored && copied(id, start, end)) continue;
    const attributes = shown.attributes(decoder.decode(bytes.subarray(start, end)));
    const names = namesText(id, attributes), members = membersText(attributes);
    const line = encoder.encode(`{${names}${members === "" ? "" : `,${members}`}}\n`);
    lines.copy(viewOf(line), 0, line.length);
  }
  return { bytes: lines.bytes.subarray(0, lines.length), rows: ids.length };
}

/** No customer. */
const NOBODY = [0, 0] as const;

/**
 * Where the text of `customer_id` stands in the attributes that begin at `start`: an empty stretch where there is none.
 * Undefined where the attributes have to be parsed: for names with escapes, names of ours, and ids that are no texts.
 */
function customerIn(bytes: Uint8Array, start: number): readonly [from: number, to: number] | undefined {
  for (let at = start + 1; bytes[at] === QUOTE; at++) {
    const key = at;
    at = endOfText(bytes, at);
    if (at < 0 || begins(bytes, key, OUR_KEYS)) return undefined;
    const length = at - key;
    if (bytes[at++] !== COLON) return undefined;
    if (length === CUSTOMER_KEY.length && begins(bytes, key, CUSTOMER_KEY)) {
      const end = bytes[at] === QUOTE ? endOfValue(bytes, at) : -1;
      return end < 0 ? undefined : [at, end];
    }
    // Names ascend, those of ours before this one.
    if (isAfterCustomer(bytes, key)) return NOBODY;
    at = endOfValue(bytes, at);
    if (bytes[at] === CLOSE) return NOBODY;
    if (bytes[at] !== COMMA) return undefined;
  }
  return bytes[start + 1] === CLOSE ? NOBODY : undefined;
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
function endOfText(bytes: Uint8Array, at: number): number {
  for (at++;; at++) {
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] === BACKSLASH) return -1;
  }
}

/** Where the value ends that begins at `at`. */
function endOfValue(bytes: Uint8Array, at: number): number {
  for (let depth = 0;; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      for (at++; bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
      if (depth === 0) return at + 1;
    } else if (byte === OPEN || byte === OPEN_LIST) depth++;
    else if (depth === 0 && (byte === COMMA || byte === CLOSE)) return at;
    else if ((byte === CLOSE || byte === CLOSE_LIST) && --depth === 0) return at + 1;
  }
}
