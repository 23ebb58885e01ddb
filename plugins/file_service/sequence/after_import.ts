/**
 * Moves or deletes files whose rows are stored.
 *
 * @module
 */
import { Failure, type FileFacts, type FileStore, type Log, throwIfAborted } from "@waybill/waybill";
import { pathIn, type SequenceOptions } from "./fields.ts";

/** What it takes. */
export interface AfterImportContext {
  readonly files: FileStore;
  readonly options: SequenceOptions;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Does with a file what is to be done after its import. To be called when its rows are durable. A file that is not as it
 * was imported stays, since it is another one; what fails is told, and done at the next pass.
 */
export async function finishFile(context: AfterImportContext, file: FileFacts): Promise<void> {
  const { files, options: { after_import }, log, signal } = context;
  if (after_import === "keep") return;
  try {
    const found = await files.stat(file.path, { signal }).catch(ifMissing);
    if (found === undefined || found.size !== file.size || found.modified !== file.modified) return;
    if (after_import === "delete") await remove(context, file.path);
    else await move(context, file.path, found.name);
  } catch (error) {
    throwIfAborted(signal);
    if (!(error instanceof Failure)) throw error;
    const what = after_import === "delete" ? "deleted" : "moved";
    log.warn(`File "${file.path}" is imported and could not be ${what}: ${error.message}; the next run tries again`);
  }
}

async function remove({ files, signal }: AfterImportContext, path: string): Promise<void> {
  if (files.remove === undefined) throw new Failure("config", "Nothing can be deleted there");
  await files.remove(path, { signal });
}

/** What lies at the target already stays: the file gets a number. */
async function move({ files, options, signal }: AfterImportContext, path: string, name: string): Promise<void> {
  if (files.move === undefined) throw new Failure("config", "Nothing can be moved there");
  const folder = options.move_to ?? "";
  for (let number = 1;; number++) {
    const target = pathIn(folder, numbered(name, number));
    if (await files.stat(target, { signal }).catch(ifMissing) !== undefined) continue;
    return await files.move(path, target, { signal });
  }
}

/** `a.csv.gz` as `a-2.csv.gz`. */
function numbered(name: string, number: number): string {
  if (number === 1) return name;
  const dot = name.indexOf(".", 1);
  return dot === -1 ? `${name}-${number}` : `${name.slice(0, dot)}-${number}${name.slice(dot)}`;
}

function ifMissing(error: unknown): undefined {
  if (!(error instanceof Failure) || error.code !== "not_found") throw error;
}
