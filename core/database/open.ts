/**
 * Opens whichever database Waybill was given.
 *
 * @module
 */
import { later } from "../contracts/later.ts";
import type { Database } from "./database.ts";
import { describePostgres, parsePostgresUrl } from "./postgres_url.ts";
import { openSqlite } from "./sqlite.ts";

/** Where a database is. */
export interface DatabaseAddress {
  /** File of the SQLite database, used where there is no `url`. */
  readonly path: string;
  /** URL of a PostgreSQL database; undefined or empty for none. */
  readonly url: string | undefined;
}

/** Opens the database; failures as `openPostgres` and `openSqlite` have them. PostgreSQL's library is loaded for it alone. */
export async function openDatabase({ path, url }: DatabaseAddress): Promise<Database> {
  if (url === undefined || url === "") return await openSqlite(path);
  const { openPostgres } = await later<typeof import("./postgres.ts")>(import.meta.resolve("./postgres.ts"));
  return await openPostgres(url);
}

/** A database in words for messages, without a password: `database "/srv/waybill.db"`. Failure `config` for a URL that is none. */
export function describeDatabase({ path, url }: DatabaseAddress): string {
  return url === undefined || url === "" ? `database "${path}"` : describePostgres(parsePostgresUrl(url));
}
