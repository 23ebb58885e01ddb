/**
 * JSON in one form only, so that it can be signed (RFC 8785).
 *
 * @module
 */
import type { JsonValue } from "../../contracts/records.ts";

/**
 * The canonical bytes of a value, as RFC 8785 has them: keys sorted by their UTF-16 code units, no white space, numbers and
 * texts as ECMAScript writes them; in UTF-8.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { canonicalJson } from "@waybill/waybill/codecs";
 *
 * assert.equal(new TextDecoder().decode(canonicalJson({ b: [1.50, "é"], a: null })), '{"a":null,"b":[1.5,"é"]}');
 * ```
 */
export function canonicalJson(value: JsonValue): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(sorted(value)));
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  // By code units, which is what comparing texts does. Keys that are numbers would come first whatever is done here.
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}
