/**
 * Looks at a database without changing it.
 *
 * @module
 */
import { sql } from "kysely";
import type { Database } from "../database/database.ts";
import { type MigrationState, migrationState } from "../database/migrations.ts";
import { openDatabase } from "../database/open.ts";
import { postgresDamage } from "../database/postgres_damage.ts";
import { Archive } from "../profiles/archive.ts";
import { archiveDamage } from "./check_archive.ts";
import { homeOf } from "./home.ts";
import { homeMismatch } from "./home_id.ts";

/** How a database stands. */
export interface DatabaseState extends MigrationState {
  /**
   * What was found wrong, a sentence each: by SQLite's `quick_check`, by reading PostgreSQL's tables, or of archive
   * files; empty when all is whole.
   */
  readonly damage: readonly string[];
}

/** Damaged archive files that are named. */
const MOST_FILES = 100;

/** How the tables of a data directory stand; undefined where there are none. Failures as `openDatabase` has them. */
export async function tablesState(home: string): Promise<MigrationState | undefined> {
  await using database = await openPresent(home);
  return database && await presentTables(database);
}

/** The same, and whether the database is whole: reads all of it, which takes minutes where it is large. */
export async function checkTables(home: string): Promise<DatabaseState | undefined> {
  await using database = await openPresent(home);
  const state = database && await presentTables(database);
  if (database === undefined || state === undefined) return undefined;
  return { ...state, damage: database.kind === "sqlite" ? await quickCheck(database) : await postgresDamage(database) };
}

/**
 * The same, and whether the archive is whole: reads all of that, too. Names 100 damaged files at most. Failure `config`
 * for a database that belongs to another data directory.
 */
export async function checkDatabase(home: string): Promise<DatabaseState | undefined> {
  await refuseForeign(home);
  const state = await checkTables(home);
  // Other tables than ours may keep the lengths of archive files elsewhere.
  if (state === undefined || state.damage.length + state.pending.length + state.newer.length > 0) return state;
  const { database: address, archiveDir } = homeOf(home);
  await using database = await openDatabase(address);
  const damage: string[] = [];
  for await (const sentence of archiveDamage(database, new Archive(archiveDir), "content")) {
    if (damage.push(sentence) === MOST_FILES) break;
  }
  return { ...state, damage };
}

/** Throws the Failure that making the tables would meet: no right to make them, a server that takes no writes. */
export async function tryToMakeTables(home: string): Promise<void> {
  await using database = await openDatabase(homeOf(home).database);
  const tried = new Error("The table is not kept");
  await database.write(async (transaction) => {
    await transaction.schema.createTable("waybill_doctor").addColumn("id", "integer").execute();
    throw tried;
  }).catch((error) => {
    if (error !== tried) throw error;
  });
}

async function refuseForeign(home: string): Promise<void> {
  await using database = await openPresent(home);
  const mismatch = database && await homeMismatch(homeOf(home), database);
  if (mismatch !== undefined) throw mismatch;
}

/** The database of a data directory; undefined where it would be a file that is not there. */
async function openPresent(home: string): Promise<Database | undefined> {
  const { database } = homeOf(home);
  if (database.url === undefined && !await exists(database.path)) return undefined;
  return await openDatabase(database);
}

/** How the tables stand; undefined in an empty PostgreSQL database, which is what a file that is not there is to SQLite. */
async function presentTables(database: Database): Promise<MigrationState | undefined> {
  const state = await migrationState(database);
  const isEmpty = state.applied.length + state.newer.length === 0;
  return isEmpty && database.kind === "postgres" ? undefined : state;
}

async function quickCheck(database: Database): Promise<string[]> {
  const { rows } = await sql<{ quick_check: string }>`pragma quick_check(5)`.execute(database.kysely);
  return rows.map(({ quick_check }) => quick_check).filter((line) => line !== "ok");
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
