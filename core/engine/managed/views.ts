/**
 * What the outside sees of the managed SFTP server.
 *
 * @module
 */
import type { ManagedAction } from "../../database/tables.ts";
import type { Page } from "../views.ts";

/** The server: where it is, and what it proves to be. */
export interface ManagedServerView {
  /** Where clients reach it: each process that serves it, the one that was started last first. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /** What clients see when they first connect. */
  readonly host_keys: readonly {
    /** The algorithm. */
    readonly type: string;
    readonly fingerprint: string;
    /** For `known_hosts`. */
    readonly public_key: string;
  }[];
}

/** An account on the server. */
export interface ManagedAccountView {
  readonly username: string;
  /** Id and label of its auth; null once that is gone, while its files are still there. */
  readonly auth_id: string | null;
  readonly auth_label: string | null;
  readonly password: boolean;
  /** Public keys. */
  readonly keys: number;
  readonly require_both: boolean;
  /** Of its files, and of uploads that have not ended. */
  readonly bytes: number;
  readonly files: number;
  /** Uploads that broke off, and can be gone on with. */
  readonly unfinished: number;
  readonly quota_bytes: number | null;
  /** Sessions that it has now. */
  readonly sessions: number;
}

/** Somebody who is logged in. */
export interface ManagedSessionView {
  readonly id: string;
  readonly username: string;
  /** IP address. */
  readonly address: string;
  /** What the client calls itself. */
  readonly client: string;
  readonly started_at: string;
  /** When the last request came, give or take some seconds. */
  readonly seen_at: string;
  /** Bytes over the network. */
  readonly received: number;
  readonly sent: number;
}

/** Something that happened on the server. */
export interface ManagedLogView {
  readonly at: string;
  readonly username: string;
  readonly address: string;
  readonly session_id: string | null;
  readonly action: ManagedAction;
  readonly path: string | null;
  /** Where it was renamed to. */
  readonly target: string | null;
  readonly bytes: number | null;
  /** Why a login was refused, or a session ended. */
  readonly reason: string | null;
}

/** What of the log to give. */
export interface ManagedLogQuery {
  readonly username?: string;
  readonly cursor?: string;
  /** 1 to 1,000; 50 unless told. */
  readonly limit?: number;
}

/** The managed SFTP server, as an account (tenant) sees it. */
export interface ManagedServer {
  show(): Promise<ManagedServerView>;
  /** By username, those that are closed and still have files among them. */
  accounts(): Promise<ManagedAccountView[]>;
  account(username: string): Promise<ManagedAccountView>;
  /** The oldest first. */
  sessions(): Promise<ManagedSessionView[]>;
  /**
   * Ends a session, by its id, or those of a user: all, or the one with the id `only`. Gives how many. Failure `config`
   * (`not_found`) where there is none.
   */
  kick(target: string, only?: string): Promise<{ readonly ended: number }>;
  /** Newest first. */
  log(query?: ManagedLogQuery): Promise<Page<ManagedLogView>>;
  /** Removes the files of an account that is closed. Refused (`conflict`) while it is not. */
  purge(username: string): Promise<{ readonly files: number; readonly bytes: number }>;
}
