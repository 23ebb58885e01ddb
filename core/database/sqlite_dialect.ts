/**
 * What Kysely needs to know to speak to SQLite over our connections.
 *
 * @module
 */
import {
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { SqliteConnection } from "./sqlite_connection.ts";

/** Kysely's dialect over a driver; the connections are opened and closed by whoever made the driver. */
export function dialect(driver: Driver): Dialect {
  return {
    createDriver: (): Driver => driver,
    createQueryCompiler: (): QueryCompiler => new SqliteQueryCompiler(),
    createAdapter: (): SqliteAdapter => new SharedConnectionAdapter(),
    createIntrospector: (database: Kysely<unknown>): DatabaseIntrospector => new SqliteIntrospector(database),
  };
}

/** Reads need not queue behind a write that waits for the lock, as Kysely makes them do by default. */
class SharedConnectionAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/** Single statements, each its own transaction. */
export class PlainDriver implements Driver {
  readonly #connection: SqliteConnection;

  /** Takes the connection that all statements share. */
  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async beginTransaction(): Promise<void> {
    throw new Error("Use Database.write for transactions: this connection is shared");
  }

  async commitTransaction(): Promise<void> {}

  async rollbackTransaction(): Promise<void> {}

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

/** Transactions, one at a time: whoever uses it sees to that. */
export class TransactionDriver implements Driver {
  readonly #connection: SqliteConnection;
  readonly #guarded: DatabaseConnection;
  readonly #begin: string;

  /** Takes a connection that nothing else uses; what only reads waits for no lock. */
  constructor(connection: SqliteConnection, { reads = false }: { readonly reads?: boolean } = {}) {
    this.#connection = connection;
    this.#guarded = new TransactionConnection(connection);
    // IMMEDIATE: the lock is taken here, where waiting is safe, and no statement inside can find it held.
    this.#begin = reads ? "begin" : "begin immediate";
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#guarded;
  }

  async beginTransaction(): Promise<void> {
    await this.#connection.executeQuery({ sql: this.#begin, parameters: [] });
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(COMMIT);
  }

  async rollbackTransaction(): Promise<void> {
    if (this.#connection.inTransaction) await this.#connection.executeQuery({ sql: "rollback", parameters: [] });
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

const COMMIT = CompiledQuery.raw("commit");

/** Runs nothing once SQLite ended the transaction by itself (full disk): it would commit on its own. */
class TransactionConnection implements DatabaseConnection {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (!this.#connection.inTransaction) throw new Error("The transaction was rolled back before this statement");
    return await this.#connection.executeQuery<R>(query);
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    return this.#connection.streamQuery<R>();
  }
}
