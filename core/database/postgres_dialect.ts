/**
 * What Kysely needs to know to speak to PostgreSQL over our connections.
 *
 * @module
 */
import {
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryCompiler,
} from "kysely";
import type { PostgresConnection } from "./postgres_connection.ts";
import type { PostgresPool } from "./postgres_pool.ts";

/** Kysely's dialect over a driver. */
export function dialect(driver: Driver): Dialect {
  return {
    createDriver: (): Driver => driver,
    createQueryCompiler: (): QueryCompiler => new PostgresQueryCompiler(),
    createAdapter: (): PostgresAdapter => new PostgresAdapter(),
    createIntrospector: (database: Kysely<unknown>): DatabaseIntrospector => new PostgresIntrospector(database),
  };
}

/** Single statements, each its own transaction. */
export class PlainDriver implements Driver {
  readonly #pool: PostgresPool;

  /** Takes the pool that lends the connections. */
  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  async init(): Promise<void> {}

  acquireConnection(): Promise<PostgresConnection> {
    return this.#pool.acquire();
  }

  async beginTransaction(): Promise<void> {
    throw new Error("Use Database.write for transactions");
  }

  async commitTransaction(): Promise<void> {}

  async rollbackTransaction(): Promise<void> {}

  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release();
  }

  async destroy(): Promise<void> {
    await this.#pool.end();
  }
}

/** Transactions. */
export class TransactionDriver implements Driver {
  readonly #pool: PostgresPool;
  readonly #begins: string;

  /** Takes the pool that lends the connections; what only reads sees one state of the database. */
  constructor(pool: PostgresPool, { reads = false }: { readonly reads?: boolean } = {}) {
    this.#pool = pool;
    this.#begins = reads ? "begin isolation level repeatable read read only" : "begin";
  }

  async init(): Promise<void> {}

  /** Lends a connection on which a transaction has begun: one that was lost unnoticed shows there, and costs nothing. */
  async acquireConnection(): Promise<PostgresConnection> {
    const connection = await this.#begin(await this.#pool.acquire());
    return connection ?? await this.#begin(await this.#pool.acquire(), true) as PostgresConnection;
  }

  async beginTransaction(): Promise<void> {}

  /** PostgreSQL answers the commit of a transaction in which a statement failed with a silent rollback. */
  async commitTransaction(connection: PostgresConnection): Promise<void> {
    const answer = await connection.command("commit");
    if (answer !== "COMMIT") {
      throw new Error("The transaction was rolled back: a statement in it failed, and the work went on");
    }
  }

  /** Throws nothing: why the work failed is what the caller has to learn; the server rolls back what it lost. */
  async rollbackTransaction(connection: PostgresConnection): Promise<void> {
    if (connection.broken) return;
    try {
      await connection.command("rollback");
    } catch {
      connection.broken = true;
    }
  }

  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release();
  }

  async destroy(): Promise<void> {
    await this.#pool.end();
  }

  async #begin(connection: PostgresConnection, last = false): Promise<PostgresConnection | undefined> {
    try {
      await connection.command(this.#begins);
      return connection;
    } catch (error) {
      const lost = connection.broken;
      connection.broken = true;
      connection.release();
      if (lost && !last) return undefined;
      throw error;
    }
  }
}
