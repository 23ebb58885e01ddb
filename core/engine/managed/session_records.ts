/**
 * Who is logged in to the managed server, written down for other processes: to be listed there, and ended from there.
 *
 * @module
 */
import type { Database } from "../../database/database.ts";

/** How long what a session did may go unwritten, in milliseconds. */
const LATE = 5_000;

/** A session of this process. */
export interface RecordedSession {
  readonly id: string;
  /** Number of the account (tenant). */
  readonly account: number;
  readonly username: string;
  readonly address: string;
  readonly client: string;
  /** In milliseconds since the Unix epoch, as the next. */
  readonly started: number;
  readonly lastRequest: number;
  readonly received: number;
  readonly sent: number;
}

/** Writes the sessions of a process down. */
export class SessionRecords {
  readonly #written = new Map<string, number>();

  constructor(private readonly database: Database, private readonly process: string) {}

  /** Writes what has changed and gives the ids of sessions that somebody asked to end. */
  async look(sessions: readonly RecordedSession[]): Promise<string[]> {
    const now = performance.now();
    const due = sessions.filter(({ id }) => now - (this.#written.get(id) ?? -Infinity) >= LATE);
    const ids = new Set(sessions.map(({ id }) => id));
    const ended = [...this.#written.keys()].filter((id) => !ids.has(id));
    if (due.length > 0 || ended.length > 0) {
      await this.#write(due, ended);
      for (const { id } of due) this.#written.set(id, now);
      for (const id of ended) this.#written.delete(id);
    }
    if (sessions.length === 0) return [];
    const rows = await this.database.kysely.selectFrom("managed_sessions").select("id")
      .where("process_id", "=", this.process).where("kicked", "=", 1).execute();
    return rows.map(({ id }) => id).filter((id) => ids.has(id));
  }

  /** Forgets all sessions: the server has stopped. */
  async clear(): Promise<void> {
    await this.database.kysely.deleteFrom("managed_sessions").where("process_id", "=", this.process).execute();
  }

  async #write(due: readonly RecordedSession[], ended: readonly string[]): Promise<void> {
    await this.database.write(async (transaction) => {
      for (const session of due) {
        const { id, account: account_id, lastRequest: seen_at, received: bytes_in, sent: bytes_out } = session;
        const { username, address, client, started: started_at } = session;
        const changing = { seen_at, bytes_in, bytes_out };
        await transaction.insertInto("managed_sessions").values({
          ...{ account_id, id, process_id: this.process, username, address, client, started_at, kicked: 0 },
          ...changing,
        }).onConflict((conflict) => conflict.columns(["account_id", "id"]).doUpdateSet(changing)).execute();
      }
      if (ended.length === 0) return;
      await transaction.deleteFrom("managed_sessions").where("process_id", "=", this.process).where("id", "in", ended)
        .execute();
    });
  }
}
