/**
 * Opens a job's JSON lines file: where it lies, and whether it is the one that a checkpoint was made in.
 *
 * @module
 */
import { Failure, type FileEntry, type FileStore } from "@waybill/waybill";
import { type JsonLinesChunk, openText, readJsonLines } from "@waybill/waybill/codecs";
import type { Checkpoint } from "./checkpoint.ts";
import type { JsonImportOptions } from "./config.ts";

/** How to open it. */
export interface OpenJsonFileOptions {
  /** Where an earlier run stopped: reading goes on there. */
  readonly checkpoint?: Checkpoint | undefined;
  /** Lines after which a chunk is handed out; the reader's own limit unless told. */
  readonly batchRows?: number | undefined;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/** A JSON lines file being read. Dispose of it to close the source. */
export interface JobFile extends AsyncDisposable {
  /** Its path in the store. */
  readonly path: string;
  /** The file as it was when it was opened. */
  readonly entry: FileEntry;
  /** Its encoding: UTF-8, or UTF-16 by its byte order mark. */
  readonly encoding: string;
  /** Its lines; can be iterated once. */
  readonly chunks: AsyncIterable<JsonLinesChunk>;
}

/** The path of a file in a folder; a file with a leading `/` stands for itself. */
function filePath({ folder, file }: Pick<JsonImportOptions, "folder" | "file">): string {
  const base = folder.replace(/\/+$/, folder.startsWith("/") ? "/" : "");
  if (base === "" || file.startsWith("/")) return file;
  return base.endsWith("/") ? `${base}${file}` : `${base}/${file}`;
}

/**
 * Opens the file. Throws a `Failure`: `config` for one that is not there, `data` for one that is not the one that the
 * checkpoint was made in.
 */
export async function openJobFile(
  files: FileStore,
  options: Pick<JsonImportOptions, "folder" | "file">,
  { checkpoint, batchRows, signal }: OpenJsonFileOptions,
): Promise<JobFile> {
  const path = filePath(options);
  const entry = await files.stat(path, { signal });
  if (checkpoint !== undefined) requireSameFile(checkpoint, path, entry);
  const position = checkpoint?.position ?? { offset: 0, line: 1 };
  const { encoding, bytes } = await openText(
    (offset) => files.open(path, { offset, version: entry.version, signal }),
    { offset: position.offset },
  );
  return {
    path,
    entry,
    encoding,
    chunks: readJsonLines(bytes, { position, batchRows }),
    [Symbol.asyncDispose]: async () => {
      // A stream that broke has told its reader.
      if (!bytes.locked) await bytes.cancel().catch(() => undefined);
    },
  };
}

function requireSameFile(checkpoint: Checkpoint, path: string, entry: FileEntry): void {
  const hint = "Start a new run, which reads the file from its start; what this one imported stays";
  if (checkpoint.path !== path) {
    throw new Failure("config", `The run stopped in "${checkpoint.path}" and cannot go on in "${path}"`, { hint });
  }
  if (checkpoint.version !== entry.version) {
    const { line } = checkpoint.position;
    throw new Failure("data", `File "${path}" changed since the run began, which cannot go on at its line ${line}`, {
      hint,
    });
  }
}
