/**
 * The tables of the managed SFTP server.
 *
 * @module
 */

/** Somebody who may log in. Names are one namespace over all accounts. */
export interface ManagedUsersTable {
  username: string;
  account_id: number;
  /** The auth that provides it. */
  auth_id: string;
  tree_id: string;
  /** scrypt, with its parameters and salt; null without a password. */
  password_hash: string | null;
  /** JSON list of OpenSSH public keys. */
  public_keys: string;
  /** 1 where both are asked for. */
  require_both: number;
  /** Most bytes of its files; null without a limit. */
  quota: number | null;
  /** Moves with every change: sessions of another revision end. */
  revision: number;
}

/** The files of one user; they outlive its auth until their retention ends. */
export interface ManagedTreesTable {
  account_id: number;
  /** 32 hex digits. */
  id: string;
  /** Unique in the account. */
  username: string;
  /** Of its complete files, and of uploads that wait to be gone on with. */
  bytes: number;
  created_at: number;
}

/** A file or folder of a tree. */
export interface ManagedNodesTable {
  account_id: number;
  tree_id: string;
  /** Id of the folder it lies in; empty for the root. */
  parent_id: string;
  name: string;
  /** 32 hex digits. */
  id: string;
  kind: "file" | "folder";
  /**
   * What holds its bytes: the name of a file on the disk, or the id of a row of `managed_contents`; null where no upload
   * has ended yet, and for folders.
   */
  content: string | null;
  size: number;
  /** When its upload ended. */
  modified: number;
  /** What an upload that broke off has brought, or null. */
  partial: string | null;
  partial_size: number;
  partial_modified: number;
}

/** What a small file holds. It comes and goes with the row that names it. */
export interface ManagedContentsTable {
  account_id: number;
  /** `s`, then the time and a random number in hex: rows lie in the order in which they came. */
  id: string;
  bytes: Uint8Array;
}

/** A session of the server. */
export interface ManagedSessionsTable {
  account_id: number;
  /** 32 hex digits. */
  id: string;
  process_id: string;
  username: string;
  address: string;
  /** What the client says it is. */
  client: string;
  started_at: number;
  seen_at: number;
  bytes_in: number;
  bytes_out: number;
  /** 1 once somebody asked for its end. */
  kicked: number;
}

/** What is written down of the server. */
export type ManagedAction =
  | "login"
  | "refused"
  | "logout"
  | "upload"
  | "download"
  | "remove"
  | "rename"
  | "make_folder"
  | "remove_folder";

/** Something that happened on the server. */
export interface ManagedLogTable {
  account_id: number;
  /** In the order in which they were written. */
  id: number;
  at: number;
  username: string;
  address: string;
  session_id: string | null;
  action: ManagedAction;
  /** Erasure takes names out of it. */
  path: string | null;
  /** Where it was renamed to. */
  target: string | null;
  bytes: number | null;
  /** Why it was refused. */
  reason: string | null;
}
