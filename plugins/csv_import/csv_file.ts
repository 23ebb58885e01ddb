/**
 * Opens a CSV file: its encoding, its header, the columns the job means.
 *
 * @module
 */
import { Failure, type RecordBatch } from "@waybill/waybill";
import {
  type CsvChunk,
  type CsvHeader,
  CsvReader,
  type DecodedMember,
  openCsv,
  openText,
  parseEncoding,
} from "@waybill/waybill/codecs";
import type { FilePosition } from "./checkpoint.ts";
import { type ColumnOptions, selectColumns, type Selection } from "./columns.ts";
import type { CsvImportOptions } from "./config.ts";

/** The part of the configuration that tells how to read the file. */
export type FileOptions = ColumnOptions & Pick<CsvImportOptions, "delimiter" | "encoding">;

/** How to open it. */
export interface OpenCsvFileOptions {
  /** Where an earlier run stopped in this file: reading goes on there. */
  readonly checkpoint?: FilePosition | undefined;
  /** Rows after which a chunk is handed out; the reader's own limit unless told. */
  readonly batchRows?: number | undefined;
}

/** A CSV file being read. Dispose of it to close the source. */
export interface CsvFile extends AsyncDisposable {
  /** Where it comes from. */
  readonly member: DecodedMember;
  /** Its encoding, by its standard name. */
  readonly encoding: string;
  /** Its columns. */
  readonly header: CsvHeader;
  /** Those that the job means. */
  readonly selection: Selection;
  /** Its rows, with the columns of `selection.read`; can be iterated once. */
  readonly chunks: AsyncIterable<CsvChunk>;
  /** Takes back a chunk's batch that nobody reads any more: its memory serves one to come. */
  recycle(batch: RecordBatch): void;
}

/**
 * Opens the file and reads its header. Throws a `Failure`: `config` for a column that is not there or a wrong delimiter,
 * `data` for what is no CSV text.
 */
export async function openCsvFile(
  member: DecodedMember,
  options: FileOptions,
  { checkpoint, batchRows }: OpenCsvFileOptions = {},
): Promise<CsvFile> {
  const { path } = member;
  const text = await openText((offset) => member.open(offset), {
    encoding: options.encoding,
    offset: checkpoint?.position.offset ?? 0,
  });

  const input = text.bytes[Symbol.asyncIterator]();
  const close = async () => {
    await input.return?.();
  };
  let asRead: CsvHeader | undefined;
  try {
    const head: Uint8Array[] = [];
    const { delimiter } = options;
    asRead = checkpoint === undefined
      ? await readHeader(input, head, { name: path, ...(delimiter === undefined ? {} : { delimiter }) })
      : { names: checkpoint.names, delimiter: checkpoint.delimiter, notes: [] };
    const header = text.note === undefined ? asRead : { ...asRead, notes: [text.note, ...asRead.notes] };
    const selection = selectColumns(header, options, path);
    const file = await openCsv(resumed(head, input), {
      name: path,
      delimiter: header.delimiter,
      fields: selection.read,
      ownsSource: true,
      ...(batchRows === undefined ? {} : { batchRows }),
      ...(checkpoint === undefined ? {} : { resume: { position: checkpoint.position, names: checkpoint.names } }),
    });
    return {
      member,
      encoding: text.encoding,
      header,
      selection,
      chunks: doubted(file.chunks, options.encoding, header),
      recycle: (batch) => file.recycle(batch),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw doubtEncoding(error, options.encoding, asRead);
  }
}

/**
 * Text that is not in UTF-16 is read as such without an error, two characters at a time, so without line ends and
 * delimiters: where no header of the sort comes out, the encoding is the first thing to doubt.
 */
function doubtEncoding(error: unknown, encoding: string, header: CsvHeader | undefined): unknown {
  const looksRight = header?.names.some((name) => /[ -~]/.test(name)) ?? false;
  const isUtf16 = parseEncoding(encoding).startsWith("utf-16");
  if (looksRight || !isUtf16 || !(error instanceof Failure) || error.kind !== "data") return error;
  const hint = `The encoding given, ${encoding}, is probably wrong: leave it out`;
  return new Failure("data", error.message, { hint, cause: error });
}

/** The chunks, with a doubt about the encoding where they fail before the first row. */
async function* doubted(chunks: AsyncIterable<CsvChunk>, encoding: string, header: CsvHeader) {
  let begun = false;
  try {
    for await (const chunk of chunks) {
      begun ||= chunk.batch.times.length + chunk.rejected.length > 0;
      yield chunk;
    }
  } catch (error) {
    throw begun ? error : doubtEncoding(error, encoding, header);
  }
}

/**
 * Reads as much of the input as its header takes, keeping it in `head`: which columns to read is known only from the
 * header, so the file is then read from its start. A file with a header and no rows is left for that to complain about.
 */
async function readHeader(
  input: AsyncIterator<Uint8Array>,
  head: Uint8Array[],
  options: { readonly name: string; readonly delimiter?: string },
): Promise<CsvHeader> {
  const reader = new CsvReader(options);
  for (;;) {
    const { value, done } = await input.next();
    try {
      if (done) reader.finish();
      else {
        head.push(value);
        reader.push(value);
      }
    } catch (error) {
      if (reader.header === undefined) throw error;
    }
    if (reader.header !== undefined) return reader.header;
  }
}

/** What was read already, then the rest; ending it early ends the rest too. */
async function* resumed(head: readonly Uint8Array[], input: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* head;
    for (;;) {
      const { value, done } = await input.next();
      if (done) return;
      yield value;
    }
  } finally {
    await input.return?.();
  }
}
