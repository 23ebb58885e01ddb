/**
 * Ends the sessions of accounts that were deleted or changed.
 *
 * @module
 */
import type { Log } from "../../core/contracts/log.ts";
import type { ManagedLogins } from "../../core/engine/managed/logins.ts";
import type { SessionRegistry } from "./sessions.ts";

/** Looks accounts up while somebody is logged in. */
export class RevisionWatch {
  readonly #registry: SessionRegistry;
  readonly #logins: ManagedLogins;
  readonly #log: Log;
  #looking = false;

  constructor(registry: SessionRegistry, logins: ManagedLogins, log: Log) {
    this.#registry = registry;
    this.#logins = logins;
    this.#log = log;
  }

  /** Looks once, unless the look before has not ended. */
  async look(): Promise<void> {
    // Somebody who logs in while the answer is on its way was not asked about.
    const sessions = this.#registry.all();
    if (this.#looking || sessions.length === 0) return;
    this.#looking = true;
    try {
      const revisions = await this.#logins.revisions([...new Set(sessions.map(({ username }) => username))]);
      for (const session of sessions) {
        if (revisions.get(session.username) !== session.revision) session.end("account changed");
      }
    } catch (error) {
      this.#log.warn("The SFTP server could not look its accounts up: sessions of changed ones go on", {
        error: error instanceof Error ? error.message : String(error),
      });
    } finally {
      this.#looking = false;
    }
  }
}
