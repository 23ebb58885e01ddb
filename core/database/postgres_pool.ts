/**
 * Connections to one PostgreSQL database, made as they are needed, and anew when they were lost.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { PostgresConnection } from "./postgres_connection.ts";
import { explainPostgresError } from "./postgres_errors.ts";
import type { PgClientSettings, PgModule, PgPool, PgPoolClient, PgTls } from "./postgres_library.ts";
import { describePostgres, type PostgresSettings } from "./postgres_url.ts";
import { valueParser } from "./postgres_values.ts";

/** Longest wait for a connection that others use, in milliseconds: longer than a statement may wait for a lock. */
const WAIT = 40_000;

/** An unused connection is closed after so many milliseconds: longer than a heartbeat, so that it does not reconnect. */
const IDLE = 60_000;

/** Silence after which the system asks whether the other side is still there, in milliseconds. */
const KEEP_ALIVE = 30_000;

/** What a pool is made with. */
export interface PoolOptions {
  readonly settings: PostgresSettings;
  /** Most connections at a time. */
  readonly size: number;
  /** Settings of PostgreSQL for each session; values hold no quotes. */
  readonly session: Readonly<Record<string, string>>;
}

/** The connections of one purpose. */
export class PostgresPool {
  readonly #settings: PostgresSettings;
  readonly #session: Readonly<Record<string, string>>;
  readonly #pool: PgPool;
  /** What is known of each connection, for as long as the pool keeps it. */
  readonly #connections = new WeakMap<PgPoolClient, PostgresConnection>();

  /** Connects to nothing yet. Failure `config` for a certificate file that cannot be read. */
  constructor(pg: PgModule, { settings, size, session }: PoolOptions) {
    this.#settings = settings;
    this.#session = session;
    this.#pool = new pg.Pool({
      Client: clientClass(pg, clientSettings(settings)),
      max: size,
      connectionTimeoutMillis: Math.max(WAIT, settings.connectTimeout),
      idleTimeoutMillis: IDLE,
    });
    // A connection that is lost while nobody uses it: the pool makes another one when it is needed.
    this.#pool.on("error", () => {});
  }

  /** Lends a connection. */
  async acquire(): Promise<PostgresConnection> {
    let client: PgPoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw explainPostgresError(error, this.#settings);
    }
    const known = this.#connections.get(client);
    if (known !== undefined) return known;
    const connection = new PostgresConnection(client, this.#settings);
    try {
      await connection.setUp(this.#session);
    } catch (error) {
      connection.broken = true;
      connection.release();
      throw error;
    }
    this.#connections.set(client, connection);
    return connection;
  }

  /** Closes every connection; waits for those that are lent. */
  async end(): Promise<void> {
    await this.#pool.end();
  }
}

/** A connection class that reads no environment variable and tells the server only what it needs to know. */
function clientClass(pg: PgModule, settings: PgClientSettings): new () => InstanceType<PgModule["Client"]> {
  return class extends pg.Client {
    constructor() {
      super(settings);
      this.binary = false;
      // The statement that runs meanwhile, or the next one, is refused; without a listener the process would end.
      this.on("error", () => {});
    }

    override getStartupConf(): Record<string, string> {
      const { user, database, application_name } = settings;
      return { user, database, application_name };
    }
  };
}

function clientSettings(settings: PostgresSettings): PgClientSettings {
  const { host, port, user, database, password } = settings;
  return {
    host,
    port,
    user,
    database,
    password: () => password,
    ssl: tlsSettings(settings),
    application_name: settings.applicationName,
    connectionTimeoutMillis: settings.connectTimeout,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE,
    types: { getTypeParser: valueParser },
    // Of no effect here, but set: the library looks into the environment for each of these that is not.
    sslnegotiation: "postgres",
    client_encoding: "UTF8",
    options: "none",
    replication: "false",
    binary: true,
  };
}

function tlsSettings(settings: PostgresSettings): false | PgTls {
  if (settings.sslMode === "disable") return false;
  const ca = settings.rootCertificate === undefined ? {} : { ca: readCertificate(settings, settings.rootCertificate) };
  switch (settings.sslMode) {
    case "require":
      return { rejectUnauthorized: false };
    case "verify-ca":
      return { ...ca, checkServerIdentity: () => undefined };
    case "verify-full":
      return ca;
  }
}

function readCertificate(settings: PostgresSettings, path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Failure("config", `The certificate file "${path}" of the ${describePostgres(settings)}, cannot be read`, {
      hint: "Check sslrootcert in the database URL",
      cause: error,
    });
  }
}
