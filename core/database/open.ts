/**
 * Opens whichever database Waybill was given.
 *
 * @module
 */
import type { Database } from "./database.ts";
import { describePostgres, parsePostgresUrl } from "./postgres_url.ts";

/** Where a database is. */
export interface DatabaseAddress {
  /** File of the SQLite database, used where there is no `url`. */
  readonly path: string;
  /** URL of a PostgreSQL database; undefined or empty for none. */
  readonly url: string | undefined;
}

/** Opens the database; failures as `openPostgres` and `openSqlite` have them. The other library is not loaded. */
export async function openDatabase({ path, url }: DatabaseAddress): Promise<Database> {
  if (url === undefined || url === "") {
    const { openSqlite } = await import("./sqlite.ts");
    return await openSqlite(path);
  }
  const { openPostgres } = await import("./postgres.ts");
  return await openPostgres(url);
}

/** A database in words for messages, without a password: `database "/srv/waybill.db"`. Failure `config` for a URL that is none. */
export function describeDatabase({ path, url }: DatabaseAddress): string {
  return url === undefined || url === "" ? `database "${path}"` : describePostgres(parsePostgresUrl(url));
}
