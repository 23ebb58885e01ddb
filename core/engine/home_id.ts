/**
 * Which data directory a database belongs to: the archive lies in the one, what it holds is recorded in the other.
 *
 * Each data directory has an id, in a file of its archive, so that a copy of either carries it; the database keeps the
 * id of the one it belongs to.
 *
 * @module
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { Failure } from "../contracts/failure.ts";
import type { Database } from "../database/database.ts";
import { migrationState } from "../database/migrations.ts";
import { describeDatabase } from "../database/open.ts";
import { type Home, unusableHome } from "./home.ts";
import { isId, newId } from "./ids.ts";
import { makeOnce } from "./make_once.ts";

/** The row of `settings`. */
const NAME = "data_directory";

/** A data directory as its database records it. */
interface RecordedHome {
  readonly id: string;
  /** Where it was when it was last opened, and on which machine. */
  readonly dir: string;
  readonly machine: string;
}

/**
 * What is wrong when `database` belongs to another data directory than `home` (Failure `config`); undefined when it
 * belongs to this one, or to none as yet. Changes nothing.
 */
export async function homeMismatch(home: Home, database: Database): Promise<Failure | undefined> {
  if ((await migrationState(database)).applied.length === 0) return undefined;
  const recorded = await recordedHome(database);
  if (recorded === undefined) return undefined;
  const id = await readHomeId(home);
  // SQLite's database lies in the directory that it belongs to: one whose archive is gone is still this one.
  if (id === undefined ? database.kind === "sqlite" : id === recorded.id) return undefined;
  const where = `"${recorded.dir}" on "${recorded.machine}"`;
  const what = `The ${describeDatabase(home.database)}${database.kind === "postgres" ? "," : ""}`;
  const message = `${what} belongs to another data directory: ${where}, not "${home.dir}"`;
  const restored = `if "${home.dir}" holds the archive of this database, write "${recorded.id}" into "${idPath(home)}"`;
  return new Failure("config", message, {
    hint: database.kind === "sqlite"
      ? `Restore database and archive from one backup; ${restored}`
      : "Give every process the same --home and the same WAYBILL_DATABASE_URL: workers share one data directory. " +
        `After a restore: ${restored}`,
  });
}

/**
 * Makes sure that `database` belongs to `home`, makes them each other's where they belong to none, and records where
 * the data directory is. Its tables must be up to date, and its master key the right one. Failure `config` as
 * {@linkcode homeMismatch} gives it.
 */
export async function claimHome(home: Home, database: Database): Promise<void> {
  const recorded = await recordedHome(database);
  if (await readHomeId(home) === undefined && (recorded === undefined || database.kind === "sqlite")) {
    await makeOnce(idPath(home), recorded?.id ?? newId());
  }
  const present = { id: await readHomeId(home) ?? "", dir: home.dir, machine: hostname() };
  const value = new TextEncoder().encode(JSON.stringify(present));
  if (recorded === undefined) {
    // Another process may be faster; if it is one of another data directory, that shows below.
    await database.kysely.insertInto("settings").values({ name: NAME, value })
      .onConflict((conflict) => conflict.doNothing()).execute();
  }
  const mismatch = await homeMismatch(home, database);
  if (mismatch !== undefined) throw mismatch;
  if (recorded === undefined || recorded.dir === present.dir && recorded.machine === present.machine) return;
  await database.kysely.updateTable("settings").set({ value }).where("name", "=", NAME).execute();
}

async function recordedHome({ kysely }: Database): Promise<RecordedHome | undefined> {
  const row = await kysely.selectFrom("settings").select("value").where("name", "=", NAME).executeTakeFirst();
  return row === undefined ? undefined : JSON.parse(new TextDecoder().decode(row.value));
}

function idPath({ archiveDir }: Home): string {
  return join(archiveDir, "home.id");
}

/** The id in the data directory; undefined where there is none. */
async function readHomeId(home: Home): Promise<string | undefined> {
  const path = idPath(home);
  let id: string;
  try {
    id = (await Deno.readTextFile(path)).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw unusableHome(home.dir, error);
  }
  if (isId(id)) return id;
  throw new Failure("config", `"${path}" holds no id of a data directory`, {
    hint: "Restore it from a backup, or remove it: what to write into it is told then",
  });
}
