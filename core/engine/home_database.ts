/**
 * The database of a data directory, opened.
 *
 * @module
 */
import type { Database } from "../database/database.ts";
import { migrate } from "../database/migrations.ts";
import { openDatabase } from "../database/open.ts";
import { type Home, openHome } from "./home.ts";
import { homeMismatch } from "./home_id.ts";

/** A data directory and its database. Whoever has it disposes of the database. */
export interface HomeDatabase {
  readonly home: Home;
  readonly database: Database;
}

/**
 * Opens the database of a data directory, both made where they are not there, and brings an older one up to date.
 * Failure `config` for a database that belongs to another data directory.
 */
export async function openHomeDatabase(dir: string): Promise<HomeDatabase> {
  const home = await openHome(dir);
  const database = await openDatabase(home.database);
  try {
    const mismatch = await homeMismatch(home, database);
    if (mismatch !== undefined) throw mismatch;
    await migrate(database);
    return { home, database };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}
