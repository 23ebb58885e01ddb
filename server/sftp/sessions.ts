/**
 * Who is logged in.
 *
 * @module
 */

/** Somebody who is logged in; a copy, not kept up to date. */
export interface SftpSession {
  /** 32 hex digits. */
  readonly id: string;
  readonly username: string;
  /** Number of the account (tenant). */
  readonly account: number;
  /** Id of the auth. */
  readonly auth: string;
  /** IP address. */
  readonly address: string;
  /** What the client calls itself, e.g. `OpenSSH_9.2p1`. */
  readonly client: string;
  /** In milliseconds since the Unix epoch. */
  readonly started: number;
  /** When the last request came; `started` before the first. In milliseconds since the Unix epoch. */
  readonly lastRequest: number;
  /** Bytes over the network, encryption included. */
  readonly received: number;
  readonly sent: number;
  /** Paths of the files that are being uploaded. */
  readonly uploads: readonly string[];
}

/** What the registry needs of a connection. */
export interface LiveSession {
  readonly id: string;
  readonly username: string;
  /** Of the account as it was at the login. */
  readonly revision: number;
  describe(): SftpSession;
  /** Says goodbye and ends the connection; `reason` is for the journal. */
  end(reason: string): void;
}

/** The sessions there are, to be listed and ended. */
export interface SftpSessions {
  /** All sessions, the oldest first. */
  list(): readonly SftpSession[];
  /** Ends a session at once; false for an id that none has. */
  end(id: string, reason: string): boolean;
}

/** Keeps the sessions. */
export class SessionRegistry implements SftpSessions {
  readonly #live = new Map<string, LiveSession>();

  list(): readonly SftpSession[] {
    return [...this.#live.values()].map((session) => session.describe());
  }

  end(id: string, reason: string): boolean {
    const session = this.#live.get(id);
    session?.end(reason);
    return session !== undefined;
  }

  /** Puts a session in. */
  add(session: LiveSession): void {
    this.#live.set(session.id, session);
  }

  /** Takes a session out. */
  remove(id: string): void {
    this.#live.delete(id);
  }

  /** How many sessions a user has. */
  count(username: string): number {
    let count = 0;
    for (const session of this.#live.values()) if (session.username === username) count++;
    return count;
  }

  /** The sessions as they are now. */
  all(): readonly LiveSession[] {
    return [...this.#live.values()];
  }
}
