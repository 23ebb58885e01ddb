/**
 * What the suite of file stores reads, writes and compares with.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { Failure, type FailureCode, type FailureKind } from "../contracts/failure.ts";
import type { FileEntry, FileStore } from "../contracts/file_store.ts";

/** Names of a folder's entries. */
export async function names(store: FileStore, folder: string): Promise<string[]> {
  return (await store.list(folder)).entries.map((entry: FileEntry) => entry.name);
}

/** Runs `work`, which must throw a `Failure` of this kind whose message holds `part`. */
export async function fails(
  kind: FailureKind,
  code: FailureCode | undefined,
  work: () => Promise<unknown>,
  part = "",
): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof Failure, `not a Failure: ${error}`);
    assert.equal(error.kind, kind, error.message);
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.includes(part), `"${error.message}" does not hold "${part}"`);
    assert.ok(!error.message.endsWith("."));
    return true;
  });
}

/** A text as bytes. */
export function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

/** Everything that a file holds, from `offset` on. */
export async function read(store: FileStore, path: string, offset = 0, version?: string): Promise<Uint8Array> {
  const options = version === undefined ? { offset } : { offset, version };
  const chunks: Uint8Array[] = [];
  for await (const chunk of await store.open(path, options)) chunks.push(chunk);
  return concat(chunks);
}

/** The same as a text. */
export async function readText(store: FileStore, path: string, offset = 0, version?: string): Promise<string> {
  return new TextDecoder().decode(await read(store, path, offset, version));
}

/** The chunks one after another. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let position = 0;
  for (const chunk of chunks) {
    whole.set(chunk, position);
    position += chunk.length;
  }
  return whole;
}

/** Whether they hold the same. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** The bytes in pieces of so many. */
export function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.slice(start, start + size);
}

/** A stream of the chunks. */
export function stream(chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks);
}

/** Bytes in which no part repeats another, the same each time: a chunk at the wrong place is noticed. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = 0x9e3779b9;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}
