/**
 * Opens a file of changes: JSON lines, or CSV.
 *
 * @module
 */
import type { RecordBatch, RejectedRow } from "@waybill/waybill";
import { type DecodedMember, openCsv, openJsonLines, openText } from "@waybill/waybill/codecs";
import type { FilePosition } from "./checkpoint.ts";
import type { ProfileImportOptions } from "./config.ts";
import { changesOf, checkHeader } from "./csv_changes.ts";

/** The part of the configuration that tells how to read the file. */
export type FileOptions = Pick<ProfileImportOptions, "format" | "delimiter" | "encoding">;

/** How to open it. */
export interface OpenChangeFileOptions {
  /** Where an earlier run stopped in this file: reading goes on there. */
  readonly checkpoint?: FilePosition | undefined;
  /** Rows after which a chunk is handed out; the reader's own limits unless told. */
  readonly batchRows?: number | undefined;
}

/** Some rows of a file. */
export interface ChangeChunk {
  /** The rows as changes, in order. */
  readonly batch: RecordBatch;
  readonly rejected: readonly RejectedRow[];
  /** Where the next chunk starts. */
  readonly position: Pick<FilePosition, "position" | "csv">;
}

/** A file being read. Dispose of it to close the source. */
export interface ChangeFile extends AsyncDisposable {
  readonly member: DecodedMember;
  /** Its encoding, by its standard name. */
  readonly encoding: string;
  /** What the user should know of it, one sentence each. */
  readonly notes: readonly string[];
  /** Its rows; can be iterated once. */
  readonly chunks: AsyncIterable<ChangeChunk>;
  /** Takes back the batch of a chunk that nobody reads any more: its memory serves one to come. */
  recycle(batch: RecordBatch): void;
}

/** Opens the file. Throws a `Failure` of kind `data` for what is no CSV text, where that is expected. */
export async function openChangeFile(
  member: DecodedMember,
  options: FileOptions,
  { checkpoint, batchRows }: OpenChangeFileOptions = {},
): Promise<ChangeFile> {
  const text = await openText((offset) => member.open(offset), {
    encoding: options.encoding,
    offset: checkpoint?.position.offset ?? 0,
  });
  const input = text.bytes[Symbol.asyncIterator]();
  const shared = {
    member,
    encoding: text.encoding,
    [Symbol.asyncDispose]: async () => {
      await input.return?.();
    },
  };
  const notes = text.note === undefined ? [] : [text.note];
  if (options.format === "json") {
    const file = openJsonLines(pieces(input), {
      fields: ["customer_id", "changes"],
      places: true,
      ownsSource: true,
      batchRows,
      ...(checkpoint === undefined ? {} : { position: checkpoint.position }),
    });
    return { ...shared, notes, chunks: jsonChunks(file.chunks), recycle: file.recycle };
  }
  return { ...shared, ...await csvRows(pieces(input), member.path, options, notes, { checkpoint, batchRows }) };
}

/** The rest of the input. Ending it early ends the input too. */
async function* pieces(input: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (;;) {
      const { value, done } = await input.next();
      if (done) return;
      yield value;
    }
  } finally {
    await input.return?.();
  }
}

async function* jsonChunks(
  chunks: ReturnType<typeof openJsonLines>["chunks"],
): AsyncGenerator<ChangeChunk, void, undefined> {
  for await (const { position, ...chunk } of chunks) yield { ...chunk, position: { position } };
}

async function csvRows(
  source: AsyncIterable<Uint8Array>,
  path: string,
  { delimiter }: FileOptions,
  notes: readonly string[],
  { checkpoint, batchRows }: OpenChangeFileOptions,
): Promise<Pick<ChangeFile, "notes" | "chunks" | "recycle">> {
  const known = checkpoint?.csv;
  const file = await openCsv(source, {
    name: path,
    places: true,
    ownsSource: true,
    ...(batchRows === undefined ? {} : { batchRows }),
    ...(known === undefined ? delimiter === undefined ? {} : { delimiter } : {
      delimiter: known.delimiter,
      resume: { names: known.names, position: { ...checkpoint!.position, ...known } },
    }),
  });
  const { names, delimiter: own, notes: told } = file.header;
  checkHeader(names, path);
  async function* chunks(): AsyncGenerator<ChangeChunk, void, undefined> {
    for await (const { batch, rejected, position: { offset, line, cells, recovering } } of file.chunks) {
      const csv = { names: [...names], delimiter: own, cells, recovering };
      yield { batch: changesOf(batch), rejected, position: { position: { offset, line }, csv } };
      // Times and places of the changes are those of the rows.
      file.recycle(batch);
    }
  }
  return { notes: [...notes, ...told], chunks: chunks(), recycle: () => {} };
}
