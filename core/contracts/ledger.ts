/**
 * The ledger of imported files: which a job has imported, each exactly once.
 *
 * A file is known by its path. Size and modification time tell that it is the one that was imported; where only the time
 * differs, its content decides. There is no high-water mark: a file that comes late is as new as any other.
 *
 * @module
 */

/** What a listing tells of a file. */
export interface FileFacts {
  /** Its path in the store. */
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
  /** Modification time in milliseconds since the Unix epoch. */
  readonly modified: number;
}

/** A file that was imported. */
export interface ImportedFile extends FileFacts {
  /** SHA-256 of its bytes as they lie in the store, 64 hex digits. */
  readonly hash: string;
  /** Rows of it that were handed over. */
  readonly rows: number;
  /** Rows of it that could not be read. */
  readonly rejected: number;
  /** The timestamp in its name, in milliseconds since the Unix epoch; absent where it has none. */
  readonly timestamp?: number;
}

/** What the ledger knows of a file, by what a listing tells. */
export type FileState =
  /** Never imported, or to be imported whatever is known of it (`--force`). */
  | { readonly state: "new" }
  /** Imported, with this size and modification time. */
  | { readonly state: "same"; readonly imported: ImportedFile }
  /** Imported with this size and another modification time: it is the same if its bytes have this hash. */
  | { readonly state: "touched"; readonly imported: ImportedFile }
  /** Imported with another size. */
  | { readonly state: "changed" };

/** The files that a job has imported. */
export interface FileLedger {
  /** What is known of each of up to 1,000 files, in their order. */
  look(files: readonly FileFacts[]): Promise<readonly FileState[]>;
  /** The latest timestamp in the name of an imported file; undefined where none has one. */
  newest(): Promise<number | undefined>;
}
