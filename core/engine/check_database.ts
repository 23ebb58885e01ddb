/**
 * Looks at a database without changing it.
 *
 * @module
 */
import { sql } from "kysely";
import { type MigrationState, migrationState } from "../database/migrations.ts";
import { openSqlite } from "../database/sqlite.ts";
import { homeOf } from "./home.ts";

/** How a database stands. */
export interface DatabaseState extends MigrationState {
  /** What SQLite's `quick_check` found wrong; empty when it is whole. */
  readonly damage: readonly string[];
}

/** How the tables of a data directory stand; undefined where there is no database. Failures as `openSqlite` has them. */
export async function tablesState(home: string): Promise<MigrationState | undefined> {
  const { databasePath } = homeOf(home);
  if (!await exists(databasePath)) return undefined;
  await using database = await openSqlite(databasePath);
  return await migrationState(database);
}

/** The same, and whether the database is whole: reads all of it, which takes minutes where it is large. */
export async function checkDatabase(home: string): Promise<DatabaseState | undefined> {
  const { databasePath } = homeOf(home);
  if (!await exists(databasePath)) return undefined;
  await using database = await openSqlite(databasePath);
  const { rows } = await sql<{ quick_check: string }>`pragma quick_check(5)`.execute(database.kysely);
  const damage = rows.map(({ quick_check }) => quick_check).filter((line) => line !== "ok");
  return { ...await migrationState(database), damage };
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
