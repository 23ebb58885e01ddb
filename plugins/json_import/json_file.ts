/**
 * Opens a file of JSON lines: its encoding, and whether it is one at all.
 *
 * @module
 */
import { Failure, type RecordBatch } from "@waybill/waybill";
import { type DecodedMember, type JsonChunk, openJsonLines, openText } from "@waybill/waybill/codecs";
import type { FilePosition } from "./checkpoint.ts";
import type { JsonImportOptions } from "./config.ts";

/** The part of the configuration that tells how to read the file. */
export type FileOptions = Pick<JsonImportOptions, "encoding" | "fields" | "timestamp_field">;

/** How to open it. */
export interface OpenJsonFileOptions {
  /** Where an earlier run stopped in this file: reading goes on there. */
  readonly checkpoint?: FilePosition | undefined;
  /** Lines after which a chunk is handed out; the reader's own limit unless told. */
  readonly batchRows?: number | undefined;
}

/** A file of JSON lines being read. Dispose of it to close the source. */
export interface JsonFile extends AsyncDisposable {
  /** Where it comes from. */
  readonly member: DecodedMember;
  /** Its encoding, by its standard name. */
  readonly encoding: string;
  /** What the user should know of it, one sentence each. */
  readonly notes: readonly string[];
  /** Its records, with the chosen fields and the timestamp; can be iterated once. */
  readonly chunks: AsyncIterable<JsonChunk>;
  /** Takes back a chunk's batch that nobody reads any more: its memory serves one to come. */
  recycle(batch: RecordBatch): void;
}

/** Opens the file; its chunks fail with a `Failure` of kind `data` where it is something else than JSON lines. */
export async function openJsonFile(
  member: DecodedMember,
  { encoding, fields, timestamp_field }: FileOptions,
  { checkpoint, batchRows }: OpenJsonFileOptions = {},
): Promise<JsonFile> {
  const { position } = checkpoint ?? {};
  const text = await openText((offset) => member.open(offset), { encoding, offset: position?.offset ?? 0 });
  const input = text.bytes[Symbol.asyncIterator]();
  const read = fields.length === 0 || timestamp_field === undefined ? fields : [...fields, timestamp_field];
  const { chunks, recycle } = openJsonLines(pieces(input, position === undefined ? member.path : undefined), {
    fields: read,
    ownsSource: true,
    batchRows,
    ...(position === undefined ? {} : { position }),
  });
  return {
    member,
    encoding: text.encoding,
    notes: text.note === undefined ? [] : [text.note],
    chunks,
    recycle,
    [Symbol.asyncDispose]: async () => {
      await input.return?.();
    },
  };
}

/** The text as it is; its start is looked at where there is a name to call the file by. */
async function* pieces(input: AsyncIterator<Uint8Array>, path: string | undefined): AsyncGenerator<Uint8Array> {
  let looked = path === undefined;
  try {
    for (;;) {
      const { value, done } = await input.next();
      if (done) return;
      looked ||= looksRight(value, path ?? "");
      yield value;
    }
  } finally {
    await input.return?.();
  }
}

const LF = 10, CR = 13, NUL = 0, OPEN_LIST = 0x5b, OPEN = 0x7b;

/** Bytes that may come before a record: blanks, and a byte order mark. */
const BEFORE: ReadonlySet<number> = new Set([0x20, 0x09, LF, CR, 0xef, 0xbb, 0xbf]);

/** Whether the first record begins here; throws where it shows that none ever will. */
function looksRight(bytes: Uint8Array, path: string): boolean {
  const start = bytes.findIndex((byte) => !BEFORE.has(byte));
  if (start < 0) return false;
  if (bytes.subarray(start, start + 4).includes(NUL)) {
    throw new Failure("data", `File "${path}" is not in UTF-8: it holds NUL bytes`, {
      hint: "Where it is in UTF-16 without a byte order mark, give `encoding: utf-16le` or `encoding: utf-16be`",
    });
  }
  const hint =
    "Write each record on a line of its own (JSON lines), as `jq -c '.[]'` does of a list and `jq -c .` of the rest";
  if (bytes[start] === OPEN_LIST) {
    throw new Failure("data", `File "${path}" begins with a list, and has to hold one record on each line`, { hint });
  }
  const next = bytes[start + 1];
  if (bytes[start] === OPEN && (next === LF || (next === CR && bytes[start + 2] === LF))) {
    throw new Failure("data", `File "${path}" has records over several lines, and has to hold one on each line`, {
      hint,
    });
  }
  return true;
}
