/**
 * Opens the file that a job means, through everything that it is wrapped in.
 *
 * @module
 */
import { Failure, type FileConnection, type FileEntry, type FileStore, type Spool } from "@waybill/waybill";
import { type DecodedFile, type DecodedMember, type Decrypt, openDecoded } from "@waybill/waybill/codecs";
import { explainMissing } from "./missing_file.ts";
import { decryptWithin, SlowDecryption } from "./slow_decryption.ts";

/** What the job types' auths give: files, and a way to decrypt them where the auth has a PGP key. */
export interface ImportConnection extends FileConnection {
  /** Decrypts PGP messages; absent without a key. */
  readonly decrypt?: Decrypt;
}

/** What a source is opened with. */
export interface SourceContext {
  /** Where the file is. */
  readonly connection: ImportConnection;
  /** Where what nobody may use yet is kept. */
  readonly spool: Spool;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/** The part of the configuration that names the file. */
export interface SourceOptions {
  /** Folder it is in; it starts at the auth's. */
  readonly folder: string;
  /** Its name there; a path with a leading `/` stands for itself. */
  readonly file: string;
  /** Which files of an archive are meant. */
  readonly members?: string | undefined;
}

/** What a checkpoint says of the file that it was made in. */
export interface SourcePosition {
  readonly path: string;
  /** The file as it was. */
  readonly version: string;
  /** What was read of an archive. */
  readonly member?: string | undefined;
  /** Where the next row starts. */
  readonly position: { readonly line: number; readonly offset: number };
}

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
  readonly checkpoint?: SourcePosition | undefined;
  /** Whether all of it is looked through for damage first, which a look at its first rows does not need. */
  readonly verify: boolean;
  /** Milliseconds that decrypting may take; as many as it needs unless told. */
  readonly patience?: number;
  /** Told how far that is, from 0 to 1. */
  readonly verifying?: (share: number, entry: FileEntry) => void;
}

/** The path of a file in a folder; a file with a leading `/` stands for itself. */
function filePath({ folder, file }: SourceOptions): string {
  const base = folder.replace(/\/+$/, folder.startsWith("/") ? "/" : "");
  if (base === "" || file.startsWith("/")) return file;
  return base.endsWith("/") ? `${base}${file}` : `${base}/${file}`;
}

/**
 * Opens it. Throws a `Failure`: `config` for a file that is not there, or that takes a key to be read; `data` for what is
 * damaged, and for a file that is not the one the checkpoint was made in; `SlowDecryption` where `patience` ended.
 */
export async function openSource(
  { connection: { files, decrypt }, spool, signal }: SourceContext,
  options: SourceOptions,
  { checkpoint, verify, patience, verifying }: OpenSourceOptions,
): Promise<Source> {
  const path = filePath(options);
  const entry = await describe(files, path, signal);
  if (checkpoint !== undefined) requireSameFile(checkpoint, path, entry);
  const { members } = options;
  const decoded = await openDecoded({ files, entry }, {
    spool,
    decrypt: decrypt === undefined || patience === undefined
      ? decrypt
      : decryptWithin(decrypt, patience, () => new SlowDecryption(path, entry, patience)),
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

function requireSameFile(checkpoint: SourcePosition, path: string, entry: FileEntry): void {
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
