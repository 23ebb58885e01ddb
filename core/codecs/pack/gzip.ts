/**
 * Packs bytes as gzip (RFC 1952).
 *
 * @module
 */
import { createGzip } from "node:zlib";
import { compressed, LEVEL } from "./deflate.ts";

/** Bytes that come out at a time. */
const CHUNK = 64 * 1024;

/**
 * `content` as a gzip file of one member, without a name and a time in it: the same content makes the same file. Memory
 * does not grow with it. Throws what `content` throws.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gunzipSync } from "node:zlib";
 * import { gzip } from "@waybill/waybill/codecs";
 *
 * const file = await new Response(ReadableStream.from(gzip(new Blob(["id\r\n1\r\n"]).stream()))).bytes();
 * assert.equal(gunzipSync(file).toString(), "id\r\n1\r\n");
 * ```
 */
export function gzip(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  return compressed(createGzip({ level: LEVEL, chunkSize: CHUNK }), content);
}
