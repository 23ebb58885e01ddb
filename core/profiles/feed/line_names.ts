/**
 * The members that name the profile of a row, written from bytes to bytes.
 *
 * @module
 */
import { viewOf } from "../byte_stretches.ts";
import type { JsonBytes } from "../json_bytes.ts";
import { COMMA, QUOTE } from "./member_scan.ts";
import { PROFILE_ID, RAW_CUSTOMER_ID } from "./shown_profile.ts";

const encoder = new TextEncoder();

const CUSTOMER = viewOf(encoder.encode(`"${RAW_CUSTOMER_ID}":`)), PROFILE = viewOf(encoder.encode(`"${PROFILE_ID}":"`));

/** Bytes that {@linkcode putNames} writes at most, beside the customer. */
export const NAMES_BYTES: number = CUSTOMER.byteLength + PROFILE.byteLength + 20;

/** Writes the names, for which there is room: the customer, if any, is the text with its quotes that stands there. */
export function putNames(lines: JsonBytes, id: number, source: DataView, from: number, to: number): void {
  if (from < to) {
    lines.putBytes(CUSTOMER, 0, CUSTOMER.byteLength);
    lines.putBytes(source, from, to);
    lines.put(COMMA);
  }
  lines.putBytes(PROFILE, 0, PROFILE.byteLength);
  lines.whole(id);
  lines.put(QUOTE);
}
