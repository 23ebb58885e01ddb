/**
 * Writes down what happens on the server and is not written down with what it changes: logins, refusals, logouts and
 * downloads.
 *
 * @module
 */
import type { Log } from "../../core/contracts/log.ts";
import type { Database } from "../../core/database/database.ts";
import { type ManagedLogEntry, writeLog } from "../../core/engine/managed/log.ts";
import type { SftpEvent, SftpJournal } from "./journal.ts";

/** Lines that may wait: a flood of logins must not fill the memory while the database is away. */
const MOST = 10_000;

interface Line {
  readonly account: number;
  readonly entry: ManagedLogEntry;
}

/** Gathers lines and writes those that came meanwhile together. Disposing of it writes the rest. */
export class DatabaseJournal implements SftpJournal, AsyncDisposable {
  #waiting: Line[] = [];
  #lost = 0;
  #writing: Promise<void> = Promise.resolve();
  #scheduled = false;

  constructor(private readonly database: Database, private readonly log: Log) {}

  record(event: SftpEvent): void {
    const line = lineOf(event, Date.now());
    if (line === undefined) return;
    if (this.#waiting.length >= MOST) {
      this.#lost++;
      return;
    }
    this.#waiting.push(line);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#writing = this.#writing.then(() => this.#write());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    this.#scheduled = false;
    const [lines, lost] = [this.#waiting, this.#lost];
    [this.#waiting, this.#lost] = [[], 0];
    try {
      await this.database.write(async (transaction) => {
        for (const { account, entry } of lines) await writeLog(transaction, account, entry);
      });
    } catch (error) {
      this.log.error("What happened on the SFTP server could not be written down", {
        lines: lines.length,
        error: error instanceof Error ? error.message : String(error),
      });
    }
    if (lost > 0) this.log.error("Too much happened on the SFTP server to write it all down", { lost });
  }
}

function lineOf(event: SftpEvent, at: number): Line | undefined {
  if (event.kind === "login_refused") {
    const { account, username, address, reason } = event;
    // A name that nobody has belongs to no account.
    if (account === undefined) return undefined;
    return { account, entry: { at, session: { id: null, username, address }, action: "refused", reason } };
  }
  const { account, session: id, username, address } = event;
  const session = { id, username, address };
  switch (event.kind) {
    case "login":
      return { account, entry: { at, session, action: "login", reason: `${event.method}, ${event.client}` } };
    case "logout":
      return {
        account,
        entry: { at, session, action: "logout", bytes: event.received + event.sent, reason: event.reason },
      };
    case "download":
      return { account, entry: { at, session, action: "download", path: event.path, bytes: event.bytes } };
    case "upload":
      // One that is complete is written down with the file it makes.
      if (event.complete) return undefined;
      return {
        account,
        entry: { at, session, action: "upload", path: event.path, bytes: event.bytes, reason: "not complete" },
      };
    default:
      return undefined;
  }
}
