/**
 * Helpers of the CSV reader's tests: read everything, check what must hold of any chunk.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CsvReader } from "./csv.ts";
import type { CsvChunk, CsvOptions, CsvPosition } from "./csv_options.ts";
import type { RejectedRow } from "../contracts/records.ts";

/** Everything a file gave. */
export interface CsvContent {
  /** The header's names. */
  readonly names: readonly string[];
  /** The accepted rows as JSON lines. */
  readonly lines: readonly string[];
  /** The rejected rows. */
  readonly rejected: readonly RejectedRow[];
  /** Where each chunk ended. */
  readonly positions: readonly CsvPosition[];
}

/** UTF-8 of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Reads `bytes`, pushed in pieces of `pieceBytes`, and checks every chunk on the way. */
export function readAll(bytes: Uint8Array, options: CsvOptions = {}, pieceBytes = bytes.length || 1): CsvContent {
  const reader = new CsvReader(options);
  const lines: string[] = [];
  const rejected: RejectedRow[] = [];
  const positions: CsvPosition[] = [];
  const add = (chunks: readonly CsvChunk[]) => {
    for (const chunk of chunks) {
      lines.push(...chunkLines(chunk));
      rejected.push(...chunk.rejected);
      positions.push(chunk.position);
    }
  };
  for (let at = 0; at < bytes.length; at += pieceBytes) add(reader.push(bytes.subarray(at, at + pieceBytes)));
  add(reader.finish());
  return { names: reader.header?.names ?? [], lines, rejected, positions };
}

/** The rows of a file as objects. */
export function readObjects(bytes: Uint8Array, options: CsvOptions = {}): Record<string, string>[] {
  return readAll(bytes, options).lines.map((line) => JSON.parse(line));
}

/** The JSON lines of a chunk, after checking that its index, its UTF-8 and its JSON agree with each other. */
export function chunkLines({ batch }: CsvChunk): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  assert.ok(batch.columns);
  const { names, spans } = batch.columns;
  const count = batch.rows.length - 1;
  assert.equal(batch.times.length, count);
  assert.equal(spans.length, 2 * count * names.length);
  assert.equal(batch.rows[count], batch.bytes.length);
  const lines: string[] = [];
  for (let row = 0; row < count; row++) {
    const line = decoder.decode(batch.bytes.subarray(batch.rows[row], batch.rows[row + 1]));
    assert.ok(line.endsWith("\n"));
    assert.ok(Number.isNaN(batch.times[row]));
    const pairs: string[] = [];
    names.forEach((name, column) => {
      const at = 2 * (row * names.length + column);
      const span = decoder.decode(batch.bytes.subarray(spans[at], spans[at + 1]));
      if (span === "") return;
      const value: unknown = JSON.parse(span);
      assert.equal(typeof value, "string");
      pairs.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
    });
    assert.equal(line, `{${pairs.join(",")}}\n`);
    lines.push(line.slice(0, -1));
  }
  return lines;
}
