/**
 * Looks through a folder for the files of a sequence that are to be imported, in bounded memory.
 *
 * @module
 */
import type { FileEntry, FileLedger, FileState, FileStore } from "@waybill/waybill";
import { compareKeys, type FileKey } from "./key.ts";
import { membership, type SequenceRule } from "./rule.ts";

/** A file of the sequence, as the listing and the ledger know it. */
export interface SequenceFile extends FileKey {
  readonly entry: FileEntry;
  readonly known: FileState;
  /** How its name could be read otherwise. */
  readonly ambiguity?: string;
}

/** What a folder holds of a sequence. */
export interface Scan {
  /** The first files that are to be looked at, in order. */
  readonly files: readonly SequenceFile[];
  /** Whether there are more after the last of them. */
  readonly more: boolean;
}

/** How to look. */
export interface ScanOptions {
  /** What is known of files. */
  readonly ledger: FileLedger;
  /** Only files after this one. */
  readonly after?: FileKey | undefined;
  /** Most files to give: this bounds the memory. */
  readonly limit: number;
  /** Whether files that were imported are given as well: something is left to do with them. */
  readonly imported: boolean;
  readonly signal: AbortSignal;
  /** Told of every file listed. */
  readonly seen?: (entry: FileEntry) => void;
  /** Told of every file that is none of the sequence, with why. */
  readonly skipped?: (entry: FileEntry, reason: string) => void;
  /** Told of every file that was imported before and is left out. */
  readonly known?: (file: SequenceFile) => void;
}

/** Entries asked for at a time: as many as the ledger is asked about at once. */
const PAGE = 1_000;

/** Goes through the whole folder, page by page. */
export async function scan(files: FileStore, rule: SequenceRule, options: ScanOptions): Promise<Scan> {
  const { ledger, after, limit, signal } = options;
  let kept: SequenceFile[] = [];
  let more = false;
  const cut = () => {
    kept.sort(compareKeys);
    more ||= kept.length > limit;
    kept = kept.slice(0, limit);
  };
  for await (const page of pagesOf(files, rule.folder, signal)) {
    const dated = datedOf(page, rule, options);
    const wanted = dated.filter((file) => after === undefined || compareKeys(file, after) > 0);
    const states = await ledger.look(wanted.map(({ entry }) => entry));
    wanted.forEach((file, index) => {
      const known = states[index] ?? { state: "new" };
      const found = { ...file, known };
      if (known.state === "same" && !options.imported) options.known?.(found);
      else kept.push(found);
    });
    if (kept.length > 2 * limit) cut();
  }
  cut();
  return { files: kept, more };
}

function datedOf(page: readonly FileEntry[], rule: SequenceRule, options: ScanOptions): Omit<SequenceFile, "known">[] {
  return page.flatMap((entry) => {
    if (entry.kind !== "file") return [];
    options.seen?.(entry);
    const member = membership(entry.name, rule);
    if ("reason" in member) {
      options.skipped?.(entry, member.reason);
      return [];
    }
    const { time, ambiguity } = member.dated;
    return [{ name: entry.name, timestamp: time, entry, ...(ambiguity === undefined ? {} : { ambiguity }) }];
  });
}

async function* pagesOf(files: FileStore, folder: string, signal: AbortSignal) {
  let cursor: string | undefined;
  do {
    const page = await files.list(folder, { limit: PAGE, signal, ...(cursor === undefined ? {} : { cursor }) });
    yield page.entries;
    cursor = page.next;
  } while (cursor !== undefined);
}
