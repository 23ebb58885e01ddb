/**
 * SQLite through `node:sqlite`: one connection for transactions, one for everything else.
 *
 * @module
 */
import { Kysely, sql, type Transaction } from "kysely";
import type { Database, WriteOptions } from "./database.ts";
import { Mutex } from "./mutex.ts";
import { LOCK_TIMEOUT, RETRY_PAUSE, SqliteConnection } from "./sqlite_connection.ts";
import { dialect, PlainDriver, TransactionDriver } from "./sqlite_dialect.ts";
import { busyFailure } from "./sqlite_errors.ts";
import { rewriteTables } from "./sqlite_rewrite.ts";
import type { Tables } from "./tables.ts";

/** What every connection needs set. */
const PRAGMAS = [
  // Only before the first page is written; larger pages make the trees of the hot tables flatter.
  "page_size = 8192",
  // Before the first page too: switched on late, it leaves erased values readable (ARCHITECTURE, decision 10).
  "secure_delete = on",
  "journal_mode = wal",
  // A commit is on the disk before anything that cannot be taken back (ARCHITECTURE, decision 1).
  "synchronous = full",
  "foreign_keys = on",
  "temp_store = memory",
  "mmap_size = 0",
  // The log shrinks back to this, in bytes, once it was checkpointed.
  "journal_size_limit = 134217728",
];

/** Imports append; what they look up again is a few MiB. A larger cache was not measurably faster. */
const WRITE_PRAGMAS = [...PRAGMAS, "cache_size = -16384", "wal_autocheckpoint = 4096"];

/** Single statements are small, and leave copying the log (a pause for their thread) to whoever commits batches. */
const PLAIN_PRAGMAS = [...PRAGMAS, "cache_size = -4096", "wal_autocheckpoint = 16384"];

/** Reads go from one end of a table to the other: what they read is not needed again, and memory is slow at first. */
const READ_PRAGMAS = [...PRAGMAS, "cache_size = -512", "query_only = on"];

/** A transaction that holds the lock this long, in milliseconds, has made others wait. */
const LONG = 50;

/** How long the lock then stays free, in milliseconds: every waiter tries once in that time. */
const REST = RETRY_PAUSE + 3;

/**
 * Opens the SQLite database in file `path`, making an empty one where there is none.
 *
 * Failures: `config` for a folder that is not there, a file that may not be written or is no database; `transient` for
 * a full disk.
 */
export async function openSqlite(path: string): Promise<Database> {
  const connections: SqliteConnection[] = [];
  try {
    for (const pragmas of [WRITE_PRAGMAS, PLAIN_PRAGMAS]) {
      const connection = new SqliteConnection(path);
      connections.push(connection);
      await setUp(connection, pragmas);
    }
  } catch (error) {
    for (const connection of connections) connection.close();
    throw error;
  }
  const [writing, plain] = connections as [SqliteConnection, SqliteConnection];
  return new SqliteDatabase(path, writing, plain);
}

async function setUp(connection: SqliteConnection, pragmas: readonly string[]): Promise<void> {
  for (const pragma of pragmas) await connection.executeQuery({ sql: `pragma ${pragma}`, parameters: [] });
}

class SqliteDatabase implements Database {
  readonly kind = "sqlite";
  readonly kysely: Kysely<Tables>;
  readonly #path: string;
  readonly #transactions: SqliteConnection;
  readonly #plain: SqliteConnection;
  readonly #connections: readonly SqliteConnection[];
  readonly #writer: Kysely<Tables>;
  readonly #writing = new Mutex();
  #restsUntil = 0;
  /** What the connection for transactions is set to. */
  #synchronous = "full";
  #closed = false;

  constructor(path: string, writing: SqliteConnection, plain: SqliteConnection) {
    this.#path = path;
    this.#transactions = writing;
    this.#plain = plain;
    this.#connections = [writing, plain];
    this.#writer = new Kysely({ dialect: dialect(new TransactionDriver(writing)) });
    this.kysely = new Kysely({ dialect: dialect(new PlainDriver(plain)) });
  }

  async write<T>(
    work: (transaction: Transaction<Tables>) => Promise<T>,
    { unsynced = false }: Pick<WriteOptions, "unsynced"> = {},
  ): Promise<T> {
    if (!await this.#writing.acquire(LOCK_TIMEOUT)) throw busyFailure(this.#path);
    let began = Infinity;
    try {
      // Whoever commits batch after batch would hardly ever let others have the lock.
      const rest = this.#restsUntil - performance.now();
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
      await this.#synchronise(unsynced ? "normal" : "full");
      return await this.#writer.transaction().execute((transaction) => {
        began = performance.now();
        return work(transaction);
      });
    } finally {
      const now = performance.now();
      if (now - began > LONG) this.#restsUntil = now + REST;
      this.#writing.release();
    }
  }

  /** Sets whether commits wait for the disk: what is written to the log later brings all before it along. */
  async #synchronise(how: "full" | "normal"): Promise<void> {
    if (this.#synchronous === how) return;
    await this.#transactions.executeQuery({ sql: `pragma synchronous = ${how}`, parameters: [] });
    this.#synchronous = how;
  }

  async read<T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T> {
    // A snapshot is a connection's own; opening one takes a tenth of a millisecond.
    const connection = new SqliteConnection(this.#path);
    try {
      await setUp(connection, READ_PRAGMAS);
      return await new Kysely<Tables>({ dialect: dialect(new TransactionDriver(connection, { reads: true })) })
        .transaction().execute(work);
    } finally {
      connection.close();
    }
  }

  first<Row>(sql: string, parameters: readonly (number | string)[]): Row | undefined | Promise<Row | undefined> {
    return this.#plain.first<Row>(sql, parameters);
  }

  now(): Promise<number> {
    return Promise.resolve(Temporal.Now.instant().epochMilliseconds);
  }

  revision(): string | undefined {
    return this.#plain.revision();
  }

  async rewrite(tables: readonly (keyof Tables)[]): Promise<void> {
    await this.write((transaction) => rewriteTables(transaction, tables));
    // The log holds pages as they were.
    const since = performance.now();
    while (true) {
      const { rows: [log] } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(this.kysely);
      if (log?.busy === 0) return;
      if (performance.now() - since > LOCK_TIMEOUT) throw busyFailure(this.#path);
      await new Promise((resolve) => setTimeout(resolve, REST));
    }
  }

  /** Waits for a running transaction. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writing.acquire();
    await this.#writer.destroy();
    await this.kysely.destroy();
    for (const connection of this.#connections) connection.close();
    this.#writing.release();
  }
}
