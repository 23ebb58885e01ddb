/**
 * Where bytes live, behind one small interface: SFTP, a local folder, an upload, memory.
 *
 * Paths use `/`, whatever the driver; a path without a leading `/` starts at the store's root folder. Drivers throw a
 * `Failure` and nothing else: `config` (code `not_found`) for what is not there, `auth` for what may not be
 * touched, `transient` for a connection that stays down, `cancelled` when the signal was aborted.
 *
 * @module
 */

/** One entry of a folder. */
export interface FileEntry {
  /** Path as it may be given back to this store. */
  readonly path: string;
  /** Last part of the path. */
  readonly name: string;
  /** `other` is a socket, device or dangling link: listed, never opened. Links are followed. */
  readonly kind: "file" | "folder" | "other";
  /** Size in bytes; 0 for folders. */
  readonly size: number;
  /** Modification time in milliseconds since the Unix epoch (SFTP: whole seconds). */
  readonly modified: number;
  /** Opaque: two equal versions of one path mean the same content, as far as the store can tell. */
  readonly version: string;
}

/** One page of a listing. */
export interface FilePage {
  /** Entries in bytewise order of name, without `.` and `..`. */
  readonly entries: readonly FileEntry[];
  /** Name of the last entry: given back as `cursor`, continues after it; absent on the last page. */
  readonly next?: string;
}

/** How to list a folder. */
export interface ListOptions {
  /** Name of the entry to go on after, which need not be there: where the page before ended. */
  readonly cursor?: string;
  /** Most entries wanted; 1,000 unless told, 10,000 at most. */
  readonly limit?: number;
  /** Ends the listing. */
  readonly signal?: AbortSignal;
}

/** How to open a file. */
export interface OpenOptions {
  /** First byte wanted; 0 unless told. An offset at or past the end gives an empty stream. */
  readonly offset?: number;
  /**
   * Version the file must have, as `stat` gave it. A file that differs, at the start or when a dropped connection
   * resumes, is a failure of kind `data`.
   */
  readonly version?: string;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** How to write a file. */
export interface WriteOptions {
  /** Ends the writing. */
  readonly signal?: AbortSignal;
  /**
   * Whether missing folders are made; they are unless told. Of no effect in a store whose folders are nothing but the names
   * of their files: S3.
   */
  readonly makeFolders?: boolean;
  /**
   * Who writes: 1 to 32 letters and digits, which names of what is not complete carry, so that `tidy` finds what a killed
   * process left.
   */
  readonly owner?: string;
}

/** A place that holds files. */
export interface FileStore {
  /** Lists one folder, a page at a time. `""` is the root folder. */
  list(folder: string, options?: ListOptions): Promise<FilePage>;
  /** Describes one file or folder. */
  stat(path: string, options?: { readonly signal?: AbortSignal }): Promise<FileEntry>;
  /**
   * Reads a file from `offset` to its end; a dropped connection is resumed inside the stream. A file that changes, grows,
   * is replaced or removed meanwhile is a failure of kind `data`, before its last bytes are handed out, as far as the
   * store can tell: over SFTP by size and modification time in whole seconds, in a local folder by nanoseconds and inode.
   */
  open(path: string, options?: OpenOptions): Promise<ReadableStream<Uint8Array>>;
  /**
   * Writes a whole file: under a temporary name first, then renamed over `path`, so that a reader never sees a part
   * of it. Missing folders are made. On failure nothing is left behind. Where `content` fails, so does it, with the same
   * error; the file that was at `path` stays until then.
   */
  write(path: string, content: ReadableStream<Uint8Array>, options?: WriteOptions): Promise<FileEntry>;
  /**
   * Clears away what processes that were killed left in a folder of what `owner` was writing there: what is not complete
   * is removed, and a file that was moved aside to be replaced, and was not, gets its name back. Absent where nobody sees
   * such things.
   */
  tidy?(folder: string, owner: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Removes a file. Absent where the store cannot. */
  remove?(path: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Moves a file, replacing what is at `to`. Absent where the store cannot. */
  move?(from: string, to: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * The clock that modification times are by, in milliseconds since the Unix epoch. Absent where the store cannot tell:
   * SFTP has no way to ask for it.
   */
  clock?(): Promise<number>;
  /** Present where every file that is seen is complete: nobody has to wait until it is left alone. */
  readonly whole?: true;
}

/** The connection that every file provider's auth gives. */
export interface FileConnection {
  /** Where its files are. */
  readonly files: FileStore;
}
