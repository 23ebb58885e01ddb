/**
 * Looks at a database without changing it.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { sql } from "kysely";
import { type MigrationState, migrationState } from "../database/migrations.ts";
import { openSqlite } from "../database/sqlite.ts";

/** How a database stands. */
export interface DatabaseState extends MigrationState {
  /** What SQLite's `quick_check` found wrong; empty when it is whole. */
  readonly damage: readonly string[];
}

/** How the database of a data directory stands; undefined where there is none. Failures as `openSqlite` has them. */
export async function checkDatabase(home: string): Promise<DatabaseState | undefined> {
  const path = databasePath(home);
  if (!await exists(path)) return undefined;
  await using database = await openSqlite(path);
  const { rows } = await sql<{ quick_check: string }>`pragma quick_check(5)`.execute(database.kysely);
  const damage = rows.map(({ quick_check }) => quick_check).filter((line) => line !== "ok");
  return { ...await migrationState(database), damage };
}

/** Where the database of a data directory lies. */
export function databasePath(home: string): string {
  return join(resolve(home), "waybill.db");
}

/** Whether there is a file. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
