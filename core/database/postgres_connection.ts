/**
 * One connection to a PostgreSQL server: prepared statements, and errors in the user's words.
 *
 * @module
 */
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { Failure } from "../contracts/failure.ts";
import { endsConnection, explainPostgresError } from "./postgres_errors.ts";
import type { PgPoolClient, PgResult } from "./postgres_library.ts";
import { describePostgres, type PostgresSettings } from "./postgres_url.ts";

/** Oldest server: PostgreSQL 13, as `server_version_num` gives it. */
const OLDEST_VERSION = 130000;

/** Statements prepared by name, a connection. */
const STATEMENTS_KEPT = 200;

/** Longer texts, in characters, are not prepared: they are long lists that hardly come twice. */
const LONGEST_PREPARED = 4000;

/** Commands whose row count is that of changed rows. */
const CHANGES: readonly string[] = ["INSERT", "UPDATE", "DELETE", "MERGE"];

/**
 * Limits that servers or users have for people, and that a large commit or a check of all tables would pass. What keeps
 * Waybill from holding others up is its own. Not every version has each.
 */
const LIMITS: readonly string[] = ["statement_timeout", "transaction_timeout", "idle_session_timeout"];

/** A connection, as Kysely drives it. */
export class PostgresConnection implements DatabaseConnection {
  readonly #client: PgPoolClient;
  readonly #settings: PostgresSettings;
  /** Texts met once: a second time is worth preparing for. */
  readonly #met = new Set<string>();
  readonly #names = new Map<string, string>();
  /** Whether nothing more can be asked of it. */
  broken = false;

  /** Takes a connection that the pool has just made or lent again. */
  constructor(client: PgPoolClient, settings: PostgresSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  /** Sets the session up. Failure `config` for a server that is too old, or a database that is not in UTF-8. */
  async setUp(session: Readonly<Record<string, string>>): Promise<void> {
    const changes = Object.entries(session).map(([name, value]) => `set_config('${name}', '${value}', false)`);
    for (const name of LIMITS) {
      changes.push(`case when current_setting('${name}', true) is not null then set_config('${name}', '0', false) end`);
    }
    // A commit is on the disk before anything that cannot be taken back (ARCHITECTURE, decision 1).
    changes.push(`set_config('synchronous_commit',
      replace(current_setting('synchronous_commit'), 'off', 'on'), false)`);
    const sql = `select current_setting('server_version_num') as version, current_setting('server_version') as name,
      current_setting('server_encoding') as encoding, ${changes.join(", ")}`;
    const { rows } = await this.#query(sql, []);
    const { version, name, encoding } = rows[0] as Readonly<Record<"version" | "name" | "encoding", string>>;
    const refuse = (what: string, hint: string) =>
      new Failure("config", `The ${describePostgres(this.#settings)}, ${what}`, { hint });
    if (Number(version) < OLDEST_VERSION) {
      throw refuse(`is PostgreSQL ${name}, which is too old`, "Use PostgreSQL 13 or later");
    }
    if (encoding !== "UTF8") {
      throw refuse(
        `has the encoding ${encoding}, which does not hold every text`,
        "Make it anew: create database … encoding 'UTF8' template template0",
      );
    }
  }

  /** Runs a statement. */
  async executeQuery<R>({ sql, parameters }: Pick<CompiledQuery, "sql" | "parameters">): Promise<QueryResult<R>> {
    const { command, rowCount, rows } = await this.#query(sql, parameters);
    const numAffectedRows = rowCount !== null && CHANGES.includes(command) ? BigInt(rowCount) : undefined;
    return { rows: rows as R[], ...numAffectedRows === undefined ? {} : { numAffectedRows } };
  }

  /** Runs a command and gives the word that the server answers with. */
  async command(sql: string): Promise<string> {
    return (await this.#query(sql, [])).command;
  }

  /** Not offered, as with SQLite: page by key. */
  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("The PostgreSQL connection does not stream; read in pages by key");
  }

  /** Gives it back to its pool, or closes it when it is broken. */
  release(): void {
    this.#client.release(this.broken);
  }

  async #query(sql: string, parameters: readonly unknown[]): Promise<PgResult> {
    const name = this.#name(sql);
    try {
      return await this.#client.query({ text: sql, values: [...parameters], ...name === undefined ? {} : { name } });
    } catch (error) {
      this.broken ||= endsConnection(error);
      throw explainPostgresError(error, this.#settings);
    }
  }

  /** The name that a statement is prepared under, from its second time on, as long as there is room. */
  #name(sql: string): string | undefined {
    const known = this.#names.get(sql);
    if (known !== undefined || sql.length > LONGEST_PREPARED || this.#names.size >= STATEMENTS_KEPT) return known;
    if (this.#met.delete(sql)) {
      const name = `waybill_${this.#names.size}`;
      this.#names.set(sql, name);
      return name;
    }
    const oldest = this.#met.size < STATEMENTS_KEPT ? undefined : this.#met.values().next().value;
    if (oldest !== undefined) this.#met.delete(oldest);
    this.#met.add(sql);
    return undefined;
  }
}
