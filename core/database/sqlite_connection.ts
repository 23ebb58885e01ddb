/**
 * One connection to an SQLite file: prepared statements, and waiting for other writers without blocking the thread.
 *
 * @module
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { busyFailure, explainSqliteError, isBusy } from "./sqlite_errors.ts";

/** How long a statement waits for other writers, in milliseconds. */
export const LOCK_TIMEOUT = 30_000;

/** Prepared statements kept; the least recently used goes first. */
const STATEMENTS_KEPT = 200;

/** Longest wait between two tries for the lock, in milliseconds; the real one is random, so that waiters take turns. */
export const RETRY_PAUSE = 4;

interface Prepared {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
  /** Whether it cannot change a row: it begins with a word for reading. */
  readonly onlyReads: boolean;
  /** Which use of a statement was its last one. */
  usedAt: number;
}

/** SQLite's `with` may lead to either, so it is not among them. */
const READS = /^\s*(?:select|pragma|explain)\b/i;

/** A connection, as Kysely drives it. */
export class SqliteConnection implements DatabaseConnection {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();
  #uses = 0;
  /** Moves with each statement of this connection that changed something. */
  #changes = 0;

  /** Opens the file, making it where it is not there. Throws what {@linkcode explainSqliteError} makes of errors. */
  constructor(path: string) {
    this.#path = path;
    try {
      // No busy handler: SQLite's sleeps, and the thread's event loop with it.
      this.#database = new DatabaseSync(path, { timeout: 0 });
    } catch (error) {
      throw explainSqliteError(error, path);
    }
  }

  /** Whether a transaction is open; SQLite ends one by itself when the disk is full. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /**
   * The same twice only if neither this connection nor another changed a row in between; takes a few microseconds, most
   * of them for the lock that a look at the file needs. Undefined while somebody else recovers the log.
   */
  revision(): string | undefined {
    try {
      const others = this.#prepare("pragma data_version").statement.get()?.data_version;
      return `${others}/${this.#changes}`;
    } catch (error) {
      if (isBusy(error)) return undefined;
      throw explainSqliteError(error, this.#path);
    }
  }

  /** Runs a statement; waits for other writers, {@linkcode LOCK_TIMEOUT} at most. */
  executeQuery<R>({ sql, parameters }: Pick<CompiledQuery, "sql" | "parameters">): Promise<QueryResult<R>> {
    return this.#whenFree(() => this.#execute<R>(sql, parameters));
  }

  /** The first row of a read, at once unless others have to be waited for. */
  first<R>(sql: string, parameters: readonly SQLInputValue[]): R | undefined | Promise<R | undefined> {
    const read = () => this.#prepare(sql).statement.get(...parameters) as R | undefined;
    try {
      return read();
    } catch (error) {
      if (isBusy(error)) return this.#whenFree(read);
      throw explainSqliteError(error, this.#path);
    }
  }

  async #whenFree<T>(run: () => T): Promise<T> {
    let deadline: number | undefined;
    while (true) {
      try {
        return run();
      } catch (error) {
        if (!isBusy(error)) throw explainSqliteError(error, this.#path);
        const now = performance.now();
        if (now > (deadline ??= now + LOCK_TIMEOUT)) throw busyFailure(this.#path, error);
      }
      await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * (RETRY_PAUSE - 1)));
    }
  }

  /** Not offered: an open cursor would hold a snapshot that writes of this connection cannot pass. Page by key. */
  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("The SQLite connection does not stream; read in pages by key");
  }

  /** Closes the file. */
  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #execute<R>(sql: string, parameters: readonly unknown[]): QueryResult<R> {
    const { statement, returnsRows, onlyReads } = this.#prepare(sql);
    const values = parameters as readonly SQLInputValue[];
    if (returnsRows) {
      const rows = statement.all(...values) as R[];
      if (!onlyReads && rows.length > 0) this.#changes++;
      return { rows };
    }
    const { changes, lastInsertRowid } = statement.run(...values);
    if (Number(changes) > 0) this.#changes++;
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  #prepare(sql: string): Prepared {
    let prepared = this.#prepared.get(sql);
    if (prepared === undefined) {
      const statement = this.#database.prepare(sql);
      prepared = { statement, returnsRows: statement.columns().length > 0, onlyReads: READS.test(sql), usedAt: 0 };
      if (this.#prepared.size >= STATEMENTS_KEPT) this.#forgetOldest();
      this.#prepared.set(sql, prepared);
    }
    prepared.usedAt = ++this.#uses;
    return prepared;
  }

  #forgetOldest(): void {
    let oldest: string | undefined, usedAt = Infinity;
    for (const [sql, prepared] of this.#prepared) {
      if (prepared.usedAt < usedAt) [oldest, usedAt] = [sql, prepared.usedAt];
    }
    if (oldest !== undefined) this.#prepared.delete(oldest);
  }
}
