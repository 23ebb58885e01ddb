/**
 * The data directory: where a Waybill keeps what it must not lose.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { Failure } from "../contracts/failure.ts";
import type { DatabaseAddress } from "../database/open.ts";
import { diskFullFailure } from "./disk_full.ts";

/** Where everything lies in a data directory. */
export interface Home {
  /** Absolute path. */
  readonly dir: string;
  /** The SQLite database, or the PostgreSQL one that `WAYBILL_DATABASE_URL` names. */
  readonly database: DatabaseAddress;
  /** The master key, unless `WAYBILL_MASTER_KEY` holds it. */
  readonly masterKeyPath: string;
  /** The event archive. */
  readonly archiveDir: string;
  /** Uploads that are being imported; made when the first one comes. */
  readonly spoolDir: string;
  /** What runs, plans and choices put aside while they work; its files have no names, so nothing is ever seen in it. */
  readonly workDir: string;
  /** What is kept of imported files to compare the next ones with. */
  readonly snapshotsDir: string;
  /** Files that signed links open; made with the first one. */
  readonly artifactsDir: string;
  /** Files of managed accounts, under random names; made when the first one comes. */
  readonly managedDir: string;
  /** Lock files of the processes that work on it. */
  readonly processesDir: string;
}

/** The places of a data directory, whether it is there or not. */
export function homeOf(dir: string): Home {
  const root = resolve(dir);
  return {
    dir: root,
    database: { path: join(root, "waybill.db"), url: Deno.env.get("WAYBILL_DATABASE_URL") || undefined },
    masterKeyPath: join(root, "master.key"),
    archiveDir: join(root, "archive"),
    spoolDir: join(root, "spool"),
    workDir: join(root, "work"),
    snapshotsDir: join(root, "snapshots"),
    artifactsDir: join(root, "artifacts"),
    managedDir: join(root, "managed"),
    processesDir: join(root, "processes"),
  };
}

/** Makes the data directory and its folders where they are not there (0700). Failure `config` when they cannot be written. */
export async function openHome(dir: string): Promise<Home> {
  const home = homeOf(dir);
  try {
    for (const folder of [home.dir, home.archiveDir]) {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    }
    if (home.database.url === undefined) await makeDatabaseFile(home.database.path);
    // A folder that is there may still refuse files.
    await Deno.remove(await Deno.makeTempFile({ dir: home.dir, prefix: ".writable-" }));
  } catch (error) {
    throw unusableHome(home.dir, error);
  }
  return home;
}

/**
 * SQLite gives its log the mode of the database; a data directory that others may enter must not show them profiles.
 *
 * A file that is there is not opened: closing it would drop the locks that this process's connections hold on it
 * (https://www.sqlite.org/howtocorrupt.html, 2.2), and another process would delete the log under them.
 */
async function makeDatabaseFile(path: string): Promise<void> {
  try {
    (await Deno.open(path, { write: true, createNew: true, mode: 0o600 })).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/** What to throw for an error in making or using the data directory `dir`. */
export function unusableHome(dir: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof Deno.errors.NotCapable) {
    // Deno keeps the system's own folders (/proc, /dev, /sys) to programs that may do anything.
    if (error.message.includes("--allow-all")) {
      return new Failure("config", `The data directory "${dir}" cannot be made: that place is the system's own`, {
        hint: "Choose another with --home or WAYBILL_HOME",
        cause: error,
      });
    }
    return new Failure("config", `Deno may not use the data directory "${dir}"`, {
      hint: "Grant --allow-read and --allow-write for it",
      cause: error,
    });
  }
  if (error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory) {
    return new Failure("config", `The data directory "${dir}" is a file, or lies below one`, {
      hint: "Give a folder with --home or WAYBILL_HOME; it is made where it is not there",
      cause: error,
    });
  }
  return diskFullFailure(error, dir) ??
    new Failure("config", `The data directory "${dir}" cannot be written: ${error.message}`, {
      hint: "Make it writable for the user that runs Waybill, or choose another with --home or WAYBILL_HOME",
      cause: error,
    });
}
