/**
 * The files of a managed account as whoever logs in to it sees them: uploads that have not ended included.
 *
 * Paths use `/` and start at the account's root folder, with or without a leading `/`; `.`, `..` and empty parts are
 * taken out of them as text, and nothing lies above the root. A name has 1 to 255 bytes of UTF-8 and no control
 * characters, a path at most 64 names.
 *
 * What is expected to go wrong is a `Failure`: code `not_found` for what is not there, `forbidden` for what may not be
 * done, `conflict` for a name that is taken or a folder that is not empty, `too_large` past the account's quota; kind
 * `config` without a code for a name or path that cannot be; `transient` for a full disk, and for an account that was
 * closed or changed meanwhile.
 *
 * @module
 */

/** A file or folder. */
export interface SessionEntry {
  /** Last part of its path; empty for the root. */
  readonly name: string;
  readonly kind: "file" | "folder";
  /** Size in bytes; of a file that is being uploaded, what has come so far. 0 for folders. */
  readonly size: number;
  /** When its upload ended, or brought the last bytes; by the server's clock, in milliseconds since the Unix epoch. */
  readonly modified: number;
}

/** How to open a file: as SSH_FXP_OPEN has it (draft-ietf-secsh-filexfer-02, section 6.3). */
export interface SessionOpenOptions {
  readonly read?: boolean;
  readonly write?: boolean;
  /** Make the file where it is not there; only with `write`. */
  readonly create?: boolean;
  /** Begin with nothing; only with `write`. */
  readonly truncate?: boolean;
  /** Refuse (`conflict`) a file that is there; only with `create`. */
  readonly exclusive?: boolean;
}

/** An open file. One is used by one session; calls may overlap. */
export interface SessionFile {
  /** At most `length` bytes from `position`; none at or past the end. */
  read(position: number, length: number): Promise<Uint8Array>;
  /**
   * Writes all of `data`, which is not kept. What lies between the end and `position` becomes zeros; no data changes
   * nothing.
   */
  write(position: number, data: Uint8Array): Promise<void>;
  /** Cuts the file off, or fills it up with zeros. */
  truncate(size: number): Promise<void>;
  stat(): Promise<SessionEntry>;
  /** Brings what was written to the disk. */
  sync(): Promise<void>;
  /**
   * Ends the use. After a `write` option the upload is complete: durable, and seen by jobs, all at once. Failures leave
   * the file that was there before.
   */
  close(): Promise<void>;
  /**
   * Ends the use without an end of the upload: the connection broke. What had come without gaps stays for the client to
   * go on with, and no job sees it.
   */
  interrupt(): Promise<void>;
}

/** How much an account holds. */
export interface SessionSpace {
  /** Most bytes; undefined without a limit. */
  readonly quota: number | undefined;
  /** Bytes of its files. */
  readonly used: number;
}

/** The files of one account. */
export interface SessionFiles {
  /** The entry itself, for paths that lead to one. */
  stat(path: string): Promise<SessionEntry>;
  /** The entries of a folder in bytewise order of name, some hundreds at a time; at last those that only now come. */
  list(path: string): AsyncIterable<readonly SessionEntry[]>;
  open(path: string, options: SessionOpenOptions): Promise<SessionFile>;
  makeFolder(path: string): Promise<void>;
  /** Refused (`conflict`) while something is in it. */
  removeFolder(path: string): Promise<void>;
  /** Removes a file; an upload of it that has not ended comes to nothing. */
  remove(path: string): Promise<void>;
  /** Renames a file or folder. What is at `to` is refused (`conflict`), or replaced where `replace` says so and it is a file. */
  rename(from: string, to: string, options?: { readonly replace?: boolean }): Promise<void>;
  space(): Promise<SessionSpace>;
  /** The path without `.`, `..` and empty parts, with a leading `/`; it need not be there. */
  canonical(path: string): string;
}
