import assert from "node:assert/strict";
import { handOver } from "../contracts/give_back.ts";
import type { RecordBatch, RejectedRow } from "../contracts/records.ts";
import { openCsv } from "./csv.ts";
import { utf8 } from "./csv_testing.ts";
import { openJsonLines } from "./json_lines.ts";

const PIECE = 65_536;

/** Rows of many lengths, some longer than a piece, and some that are rejected. */
const VALUES = Array.from({ length: 4_000 }, (_, row) => "é".repeat(row % 1_000 === 999 ? 50_000 : (row * 31) % 300));
const CSV = utf8(
  "id,v\n" + VALUES.map((value, row) => row % 97 === 5 ? `${row},"${value}"x\n` : `${row},${value}\n`).join(""),
);
const JSON_LINES = utf8(
  VALUES.map((v, id) => id % 97 === 5 ? `{"id":${id},"v"\n` : JSON.stringify({ id, v, nested: { id, in: [v] } }) + "\n")
    .join(""),
);

/** The file in pieces that a reader may free. */
function piecesOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / PIECE);
  return Array.from({ length: count }, (_, index) => handOver(bytes.slice(index * PIECE, (index + 1) * PIECE)));
}

/** Everything of the chunks; batches are recycled as soon as they were looked at. */
async function contentOf(
  { chunks, recycle }: {
    readonly chunks: AsyncIterable<{ readonly batch: RecordBatch; readonly rejected: readonly RejectedRow[] }>;
    readonly recycle: (batch: RecordBatch) => void;
  },
): Promise<unknown[]> {
  const seen: unknown[] = [];
  const rejects: RejectedRow[] = [];
  for await (const { batch, rejected } of chunks) {
    const { bytes, rows, columns, places } = batch;
    seen.push([new TextDecoder().decode(bytes), [...rows], [...columns?.spans ?? []]]);
    seen.push([[...places?.lines ?? []], [...places?.offsets ?? []]]);
    rejects.push(...rejected);
    recycle(batch);
  }
  // After all of it: what they hold must not be a piece's.
  return [...seen, ...rejects.map(({ raw, ...rest }) => [rest, new TextDecoder().decode(raw)])];
}

async function readCsv(pieces: readonly Uint8Array[], ownsSource: boolean): Promise<unknown[]> {
  return await contentOf(await openCsv(ReadableStream.from(pieces), { places: true, ownsSource }));
}

function readJson(pieces: readonly Uint8Array[], ownsSource: boolean): Promise<unknown[]> {
  return contentOf(openJsonLines(ReadableStream.from(pieces), { places: true, ownsSource }));
}

for (const [name, bytes, read] of [["CSV", CSV, readCsv], ["JSON lines", JSON_LINES, readJson]] as const) {
  Deno.test(`${name} of a source that is the reader's own are read the same, and its pieces are freed`, async () => {
    const kept = piecesOf(bytes), owned = piecesOf(bytes);
    const expected = await read(kept, false);
    assert(expected.length > 40);
    assert.deepEqual(await read(owned, true), expected);
    // That with the header, and the last one, which is small.
    assert(owned.filter(({ length }) => length > 0).length <= 2);
    assert(kept.every(({ length }) => length > 0));
  });
}
