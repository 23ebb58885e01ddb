/**
 * Helpers of the PGP codec's tests.
 *
 * @module
 */
import { memorySpool } from "../spool_memory.ts";
import { type DecryptedPgp, decryptPgp, type DecryptPgpOptions } from "./decrypt.ts";
import type { PgpPrivateKey } from "./keys.ts";

/** Content with text that compresses and bytes that do not. */
export function sampleContent(bytes: number): Uint8Array {
  const content = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at++) {
    content[at] = at % 3_000 < 1_500 ? 65 + at % 7 : (Math.imul(at, 2654435761) >>> 24);
  }
  return content;
}

/** The bytes in pieces of so many; all at once unless told. */
export async function* inPieces(
  bytes: Uint8Array,
  size: number = bytes.length || 1,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A stream of the bytes. */
export function streamOfBytes(bytes: Uint8Array, size?: number): ReadableStream<Uint8Array> {
  return ReadableStream.from(inPieces(bytes, size));
}

/** Everything a stream gives. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Blob((await Array.fromAsync(stream)).map((bytes) => bytes.slice())).arrayBuffer());
}

/** Decrypts a message in memory; gives it with its content. */
export async function decryptAll(
  message: Uint8Array,
  key: PgpPrivateKey,
  options: Partial<DecryptPgpOptions> & { readonly pieces?: number } = {},
): Promise<{ readonly content: Uint8Array; readonly decrypted: DecryptedPgp }> {
  const { pieces, ...rest } = options;
  await using decrypted = await decryptPgp(inPieces(message, pieces), {
    keys: [key],
    spool: memorySpool(),
    ...rest,
  });
  return { content: await collect(decrypted.open()), decrypted };
}

/** Every so many bytes changed or the rest cut off, so that there are about `count` damaged messages, told by how. */
export function* damages(message: Uint8Array, count: number): Generator<readonly [string, Uint8Array]> {
  const step = Math.max(1, Math.floor(message.length * 2 / count));
  for (let round = 0, at = 0; round < count; round++, at = (at + step) % message.length) {
    // A step that divides the length would come back to the same bytes.
    if (round > 0 && at < step) at = (at + 1) % message.length;
    if (round % 2 === 0) {
      yield [`cut at ${at}`, message.slice(0, at)];
      continue;
    }
    const changed = message.slice();
    changed[at]! ^= round % 4 === 1 ? 1 << (round % 8) : 1 + round * 97 % 255;
    yield [`byte ${at} changed to ${changed[at]}`, changed];
  }
}
