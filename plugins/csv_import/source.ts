/**
 * Opens the file that a job means, through everything that it is wrapped in.
 *
 * @module
 */
import { Failure, type FileConnection, type FileEntry, type FileStore, type Spool } from "@waybill/waybill";
import { type DecodedFile, type DecodedMember, type Decrypt, openDecoded } from "@waybill/waybill/codecs";
import { explainMissing } from "../file_service/imports/mod.ts";
import type { FilePosition } from "./checkpoint.ts";
import type { CsvImportOptions } from "./config.ts";

/** What the job types' auths give: files, and a way to decrypt them where the auth has a PGP key. */
export interface CsvConnection extends FileConnection {
  /** Decrypts PGP messages; absent without a key. */
  readonly decrypt?: Decrypt;
}

/** What a source is opened with. */
export interface SourceContext {
  /** Where the file is. */
  readonly connection: CsvConnection;
  /** Where what nobody may use yet is kept. */
  readonly spool: Spool;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/** The part of the configuration that names the file. */
export type SourceOptions = Pick<CsvImportOptions, "folder" | "file" | "members">;

/** A job's file. Dispose of it to close it. */
export interface Source extends DecodedFile {
  /** Its path in the store. */
  readonly path: string;
  /** The file as it was when it was opened. */
  readonly entry: FileEntry;
}

/** How to open it. */
export interface OpenSourceOptions {
  /** Where an earlier run stopped. */
  readonly checkpoint?: FilePosition | undefined;
  /** Whether all of it is looked through for damage first, which a look at its first rows does not need. */
  readonly verify: boolean;
  /** Told how far that is, from 0 to 1. */
  readonly verifying?: (share: number, entry: FileEntry) => void;
}

/** The path of a file in a folder; a file with a leading `/` stands for itself. */
export function filePath({ folder, file }: Pick<CsvImportOptions, "folder" | "file">): string {
  const base = folder.replace(/\/+$/, folder.startsWith("/") ? "/" : "");
  if (base === "" || file.startsWith("/")) return file;
  return base.endsWith("/") ? `${base}${file}` : `${base}/${file}`;
}

/**
 * Opens it. Throws a `Failure`: `config` for a file that is not there, or that takes a key to be read; `data` for what is
 * damaged, and for a file that is not the one the checkpoint was made in.
 */
export async function openSource(
  { connection: { files, decrypt }, spool, signal }: SourceContext,
  options: SourceOptions,
  { checkpoint, verify, verifying }: OpenSourceOptions,
): Promise<Source> {
  const path = filePath(options);
  const entry = await describe(files, path, signal);
  if (checkpoint !== undefined) requireSameFile(checkpoint, path, entry);
  const { members } = options;
  const decoded = await openDecoded({ files, entry }, {
    spool,
    decrypt,
    members,
    verify,
    signal,
    ...(verifying === undefined ? {} : { verifying: (share: number) => verifying(share, entry) }),
  });
  return { ...decoded, path, entry };
}

/** The file's first member: the one that columns are chosen from. */
export async function firstMember({ members, path }: Source): Promise<DecodedMember> {
  for await (const member of members) return member;
  throw new TypeError(`"${path}" has no members, which opening it should have told`);
}

async function describe(files: FileStore, path: string, signal: AbortSignal): Promise<FileEntry> {
  try {
    return await files.stat(path, { signal });
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "config") throw error;
    throw await explainMissing(files, path, error, signal);
  }
}

function requireSameFile(checkpoint: FilePosition, path: string, entry: FileEntry): void {
  const hint = "Start a new run, which reads the file from its start; what this one imported stays";
  const { line } = checkpoint.position;
  if (checkpoint.path !== path) {
    throw new Failure("config", `The run stopped in "${checkpoint.path}" and cannot go on in "${path}"`, { hint });
  }
  if (checkpoint.version !== entry.version) {
    throw new Failure("data", `File "${path}" changed since the run began, which cannot go on at its line ${line}`, {
      hint,
    });
  }
}
