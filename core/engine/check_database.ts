/**
 * Looks at a database without changing it.
 *
 * @module
 */
import { sql } from "kysely";
import { type MigrationState, migrationState } from "../database/migrations.ts";
import { openSqlite } from "../database/sqlite.ts";
import { Archive } from "../profiles/archive.ts";
import { archiveDamage } from "./check_archive.ts";
import { homeOf } from "./home.ts";

/** How a database stands. */
export interface DatabaseState extends MigrationState {
  /** What was found wrong, a sentence each: by SQLite's `quick_check`, or of archive files; empty when all is whole. */
  readonly damage: readonly string[];
}

/** Damaged archive files that are named. */
const MOST_FILES = 100;

/** How the tables of a data directory stand; undefined where there is no database. Failures as `openSqlite` has them. */
export async function tablesState(home: string): Promise<MigrationState | undefined> {
  const { databasePath } = homeOf(home);
  if (!await exists(databasePath)) return undefined;
  await using database = await openSqlite(databasePath);
  return await migrationState(database);
}

/** The same, and whether the database is whole: reads all of it, which takes minutes where it is large. */
export async function checkTables(home: string): Promise<DatabaseState | undefined> {
  const { databasePath } = homeOf(home);
  if (!await exists(databasePath)) return undefined;
  await using database = await openSqlite(databasePath);
  const { rows } = await sql<{ quick_check: string }>`pragma quick_check(5)`.execute(database.kysely);
  const damage = rows.map(({ quick_check }) => quick_check).filter((line) => line !== "ok");
  return { ...await migrationState(database), damage };
}

/** The same, and whether the archive is whole: reads all of that, too. Names 100 damaged files at most. */
export async function checkDatabase(home: string): Promise<DatabaseState | undefined> {
  const state = await checkTables(home);
  // Other tables than ours may keep the lengths of archive files elsewhere.
  if (state === undefined || state.damage.length + state.pending.length + state.newer.length > 0) return state;
  const { databasePath, archiveDir } = homeOf(home);
  await using database = await openSqlite(databasePath);
  const damage: string[] = [];
  for await (const sentence of archiveDamage(database, new Archive(archiveDir), "content")) {
    if (damage.push(sentence) === MOST_FILES) break;
  }
  return { ...state, damage };
}

/** Whether there is a file. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
