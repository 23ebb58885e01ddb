/**
 * Keeps what other processes see of the sessions, and ends those that somebody asked to end.
 *
 * @module
 */
import type { Log } from "../../core/contracts/log.ts";
import type { Database } from "../../core/database/database.ts";
import { SessionRecords } from "../../core/engine/managed/session_records.ts";
import type { SftpSessions } from "./sessions.ts";

/** Between two looks, in milliseconds. */
const PAUSE = 500;

/** What to keep. */
export interface SessionKeeperOptions {
  readonly database: Database;
  /** Id of this process. */
  readonly process: string;
  readonly sessions: SftpSessions;
  readonly log: Log;
}

/** Looks twice a second until it is disposed of. */
export class SessionKeeper implements AsyncDisposable {
  readonly #records: SessionRecords;
  readonly #timer: ReturnType<typeof setInterval>;
  #looking: Promise<void> | undefined;

  constructor(private readonly options: SessionKeeperOptions) {
    this.#records = new SessionRecords(options.database, options.process);
    this.#timer = setInterval(() => this.#looking ??= this.#look(), PAUSE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.#records.clear().catch((error) => this.#warn(error));
  }

  async #look(): Promise<void> {
    const { sessions } = this.options;
    try {
      for (const id of await this.#records.look(sessions.list())) sessions.end(id, "ended by an operator");
    } catch (error) {
      this.#warn(error);
    } finally {
      this.#looking = undefined;
    }
  }

  #warn(error: unknown): void {
    this.options.log.warn("The sessions of the SFTP server could not be written down", {
      error: error instanceof Error ? error.message : String(error),
    });
  }
}
