/**
 * The part of the `pg` library that Waybill uses, typed, and loaded when a PostgreSQL database is first opened.
 *
 * Its own types would bring those of Node.js with them.
 *
 * @module
 */

/** The library. */
export interface PgModule {
  readonly Client: new (settings: PgClientSettings) => PgClient;
  readonly Pool: new (settings: PgPoolSettings) => PgPool;
}

/** What a connection is made with. The library reads an environment variable for each of these that is not set. */
export interface PgClientSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Asked for once the server wants a password. */
  readonly password: () => string | undefined;
  readonly ssl: false | PgTls;
  readonly sslnegotiation: "postgres";
  readonly application_name: string;
  readonly client_encoding: "UTF8";
  readonly options: string;
  readonly replication: string;
  readonly binary: true;
  /** Milliseconds. */
  readonly connectionTimeoutMillis: number;
  readonly keepAlive: true;
  readonly keepAliveInitialDelayMillis: number;
  readonly types: { getTypeParser(type: number): (text: string) => unknown };
}

/** How the server's certificate is judged, as `node:tls` takes it. */
export interface PgTls {
  /** Authorities in PEM; those of the system where it is missing. */
  readonly ca?: string;
  readonly rejectUnauthorized?: boolean;
  readonly checkServerIdentity?: () => undefined;
}

/** A connection. */
export interface PgClient {
  /** Whether results are asked for in binary form, which the library then decodes as text, and so breaks. */
  binary: boolean;
  on(event: "error", listener: (error: Error) => void): void;
  query(query: PgQuery): Promise<PgResult>;
  /** What is sent to the server first. */
  getStartupConf(): Record<string, string>;
}

/** A connection that a pool lent. */
export interface PgPoolClient extends PgClient {
  /** Gives it back, or closes it. */
  release(destroy: boolean): void;
}

/** A statement. */
export interface PgQuery {
  readonly text: string;
  readonly values: unknown[];
  /** Prepared under this name, once a connection. */
  readonly name?: string;
}

/** What a statement gave. */
export interface PgResult {
  /** The first word of what the server says it did: `SELECT`, `INSERT`, `ROLLBACK`. */
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: unknown[];
}

/** Some connections, made as they are needed. */
export interface PgPool {
  on(event: "error", listener: (error: Error) => void): void;
  connect(): Promise<PgPoolClient>;
  /** Closes every connection once it was given back. */
  end(): Promise<void>;
}

/** How a pool is made. */
export interface PgPoolSettings {
  readonly Client: new () => PgClient;
  readonly max: number;
  /** Longest wait for a connection, in milliseconds. */
  readonly connectionTimeoutMillis: number;
  /** A connection that nobody needed for so many milliseconds is closed. */
  readonly idleTimeoutMillis: number;
}

/** The library, typed. */
export async function loadPg(): Promise<PgModule> {
  const module: { readonly default: PgModule } = await import("pg");
  return module.default;
}
