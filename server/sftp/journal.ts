/**
 * What happened on the server, for whoever keeps a record of it.
 *
 * @module
 */

/** Why a login was refused: a class of reasons, never what was typed. */
export type LoginRefusal = "password" | "public_key" | "method" | "sessions" | "changed";

/** How somebody proved who they are. */
export type LoginMethod = "public_key" | "password" | "public_key_and_password";

/** Who did it, from where. */
export interface JournalSession {
  /** Id of the session, as {@linkcode SftpSessions} has it. */
  readonly session: string;
  /** Number of the account (tenant). */
  readonly account: number;
  /** Id of the auth. */
  readonly auth: string;
  readonly username: string;
  /** IP address. */
  readonly address: string;
}

/** Something that a session did; paths start at the account's root folder. */
export type SftpEvent =
  | JournalSession & { readonly kind: "login"; readonly method: LoginMethod; readonly client: string }
  | JournalSession & {
    readonly kind: "logout";
    readonly reason: string;
    readonly received: number;
    readonly sent: number;
  }
  /** `bytes` came over the network; without `complete` the connection broke, or the upload could not be ended. */
  | JournalSession & {
    readonly kind: "upload";
    readonly path: string;
    readonly bytes: number;
    readonly complete: boolean;
  }
  /** `bytes` went over the network; more or fewer than the file has where parts were read twice or not at all. */
  | JournalSession & { readonly kind: "download"; readonly path: string; readonly bytes: number }
  | JournalSession & { readonly kind: "remove" | "make_folder" | "remove_folder"; readonly path: string }
  | JournalSession & { readonly kind: "rename"; readonly path: string; readonly to: string }
  /** The name as it was given: it may be nobody's. `account` and `auth` only for a name that somebody has. */
  | {
    readonly kind: "login_refused";
    readonly username: string;
    readonly address: string;
    readonly reason: LoginRefusal;
    readonly account: number | undefined;
    readonly auth: string | undefined;
  };

/** Something that happened within a session, without who did it. */
export type SessionEvent =
  | { readonly kind: "upload"; readonly path: string; readonly bytes: number; readonly complete: boolean }
  | { readonly kind: "download"; readonly path: string; readonly bytes: number }
  | { readonly kind: "remove" | "make_folder" | "remove_folder"; readonly path: string }
  | { readonly kind: "rename"; readonly path: string; readonly to: string };

/** Takes events as they happen; it may not throw, and nothing waits for it. */
export interface SftpJournal {
  record(event: SftpEvent): void;
}
