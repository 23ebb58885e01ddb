/**
 * PostgreSQL through `pg`: one connection for transactions, a few for everything else.
 *
 * @module
 */
import { CompiledQuery, Kysely, sql, type Transaction } from "kysely";
import type { Database, WriteOptions } from "./database.ts";
import { Mutex } from "./mutex.ts";
import { dialect, PlainDriver, TransactionDriver } from "./postgres_dialect.ts";
import { busyFailure } from "./postgres_errors.ts";
import { loadPg } from "./postgres_library.ts";
import { PostgresPool } from "./postgres_pool.ts";
import { parsePostgresUrl, type PostgresSettings } from "./postgres_url.ts";
import type { Tables } from "./tables.ts";

/** How long a statement waits for other writers, in milliseconds. */
const LOCK_TIMEOUT = 30_000;

/** Connections for single statements: a worker, the queue and an HTTP request or two at a time. */
const PLAIN_CONNECTIONS = 4;

/** Connections for reads over one state of the database. */
const READ_CONNECTIONS = 2;

/** What every session needs set. */
const SESSION: Readonly<Record<string, string>> = {
  lock_timeout: String(LOCK_TIMEOUT),
  // A stopped process or a lost machine must not hold its locks: others wait for them, and no longer than this less
  // something. Milliseconds; shorter than a lease, so that a run can be taken over when that is over. What is in the
  // middle of a statement is for `endStalled`.
  idle_in_transaction_session_timeout: "20000",
  // Seconds: a client that vanished is noticed after two minutes, not two hours.
  tcp_keepalives_idle: "60",
  tcp_keepalives_interval: "10",
  tcp_keepalives_count: "6",
  bytea_output: "hex",
  // Who waited for a lock is to see what was done under it.
  default_transaction_isolation: "read committed",
  // Compiling takes longer than any statement of ours.
  jit: "off",
  // A plan that is kept was made for the table as it was: a batch may make it a thousand times as large.
  plan_cache_mode: "force_custom_plan",
};

/** Batch statements look rows up by key in tables of any size, even where statistics are missing or old. */
const WRITE_SESSION: Readonly<Record<string, string>> = { ...SESSION, enable_seqscan: "off" };

/**
 * Opens a PostgreSQL database by its URL (see `parsePostgresUrl`), and proves that it can be reached.
 *
 * Connections that are lost later fail what runs on them with a Failure `transient`; what follows gets new ones.
 * A transaction whose connection is lost during its commit may have been committed.
 *
 * Failures: `config` for a URL, password, database or certificate that is wrong, a right that is missing, a server
 * older than PostgreSQL 13; `transient` for a server that cannot be reached or has no connection left.
 */
export async function openPostgres(url: string): Promise<Database> {
  const settings = parsePostgresUrl(url);
  const pg = await loadPg();
  const plain = new PostgresPool(pg, { settings, size: PLAIN_CONNECTIONS, session: SESSION });
  const writing = new PostgresPool(pg, { settings, size: 1, session: WRITE_SESSION });
  const reading = new PostgresPool(pg, { settings, size: READ_CONNECTIONS, session: SESSION });
  try {
    (await plain.acquire()).release();
  } catch (error) {
    await Promise.all([plain, writing, reading].map((pool) => pool.end()));
    throw error;
  }
  return new PostgresDatabase(settings, plain, writing, reading);
}

/** Not the start of a transaction: that of the statement. */
const NOW = CompiledQuery.raw("select floor(extract(epoch from clock_timestamp()) * 1000) as now");

/**
 * Held to its end by each transaction that does not run beside others: one after another, as SQLite has them. The
 * number is one that other users of the database hardly take for a lock of their own: "waybill" in ASCII.
 */
const LOCK = CompiledQuery.raw("select pg_advisory_xact_lock(33603354141518956)");

const UNSYNCED = CompiledQuery.raw("set local synchronous_commit = off");

class PostgresDatabase implements Database {
  readonly kind = "postgres";
  readonly kysely: Kysely<Tables>;
  readonly #settings: PostgresSettings;
  readonly #pools: readonly PostgresPool[];
  readonly #writer: Kysely<Tables>;
  readonly #reader: Kysely<Tables>;
  readonly #writing = new Mutex();
  #closed = false;

  constructor(settings: PostgresSettings, plain: PostgresPool, writing: PostgresPool, reading: PostgresPool) {
    this.#settings = settings;
    this.#pools = [plain, writing, reading];
    this.kysely = new Kysely({ dialect: dialect(new PlainDriver(plain)) });
    this.#writer = new Kysely({ dialect: dialect(new TransactionDriver(writing)) });
    this.#reader = new Kysely({ dialect: dialect(new TransactionDriver(reading, { reads: true })) });
  }

  async write<T>(
    work: (transaction: Transaction<Tables>) => Promise<T>,
    { beside = false, unsynced = false }: WriteOptions = {},
  ): Promise<T> {
    if (!await this.#writing.acquire(LOCK_TIMEOUT)) throw busyFailure(this.#settings);
    try {
      return await this.#writer.transaction().execute(async (transaction) => {
        if (!beside) await transaction.executeQuery(LOCK);
        if (unsynced) await transaction.executeQuery(UNSYNCED);
        return await work(transaction);
      });
    } finally {
      this.#writing.release();
    }
  }

  async read<T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T> {
    return await this.#reader.transaction().execute(work);
  }

  async first<Row>(sql: string, parameters: readonly (number | string)[]): Promise<Row | undefined> {
    const { rows: [row] } = await this.kysely.executeQuery<Row>(CompiledQuery.raw(sql, [...parameters]));
    return row;
  }

  async now(): Promise<number> {
    const { rows } = await this.kysely.executeQuery<{ now: number }>(NOW);
    return rows[0]!.now;
  }

  revision(): undefined {}

  async rewrite(tables: readonly (keyof Tables)[]): Promise<void> {
    for (const table of tables) await sql`vacuum (full, analyze) ${sql.table(table)}`.execute(this.kysely);
  }

  /** Waits for a running transaction. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writing.acquire();
    await Promise.all(this.#pools.map((pool) => pool.end()));
    this.#writing.release();
  }
}
