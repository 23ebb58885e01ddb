/**
 * The Waybill processes of one data directory: who may hold leases, and which of them are gone.
 *
 * A process holds an exclusive lock on a file of its own for as long as it lives; the system drops the lock with the
 * process, however it ends. So a dead process is noticed at once, and a stopped one (SIGSTOP) is not taken for dead.
 *
 * @module
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import type { Database } from "../database/database.ts";
import type { ProcessesTable } from "../database/tables.ts";

/** A process that takes part. */
export class Processes implements AsyncDisposable {
  private constructor(
    private readonly database: Database,
    private readonly folder: string,
    /** Id of this process. */
    readonly id: string,
    private readonly lock: Deno.FsFile,
  ) {}

  /** Joins: `serve` takes any run, `cli` only its own. `folder` holds the lock files. */
  static async join(database: Database, folder: string, kind: ProcessesTable["kind"]): Promise<Processes> {
    const id = randomBytes(16).toString("hex");
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await Deno.open(lockPath(folder, id), { write: true, createNew: true, mode: 0o600 });
    await lock.lock(true);
    const now = await database.now();
    await database.kysely.insertInto("processes").values({
      id,
      kind,
      machine: hostname(),
      pid: Deno.pid,
      address: null,
      started_at: now,
      seen_at: now,
    }).execute();
    const processes = new Processes(database, folder, id, lock);
    await processes.forgetDead();
    return processes;
  }

  /** Tells the others where this process's HTTP server listens. */
  async listensAt(address: string): Promise<void> {
    await this.database.kysely.updateTable("processes").set({ address }).where("id", "=", this.id).execute();
  }

  /** Shows that this process is alive, to those who cannot see its lock. */
  async beat(): Promise<void> {
    const seen_at = await this.database.now();
    await this.database.kysely.updateTable("processes").set({ seen_at }).where("id", "=", this.id).execute();
  }

  /** Removes processes of this data directory that ended without leaving; their runs are free to be taken over. */
  async forgetDead(): Promise<void> {
    const others = await this.database.kysely.selectFrom("processes").select("id").where("id", "!=", this.id).execute();
    for (const { id } of others) {
      if (await isAlive(this.folder, id)) continue;
      await this.database.kysely.deleteFrom("processes").where("id", "=", id).execute();
      await removeFile(lockPath(this.folder, id));
    }
  }

  /** The living `serve` process of this data directory, if there is one. */
  async serving(): Promise<Pick<ProcessesTable, "id" | "address"> | undefined> {
    return await findServing(this.database, this.folder);
  }

  /** Leaves. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.database.kysely.deleteFrom("processes").where("id", "=", this.id).execute();
    this.lock.close();
    await removeFile(lockPath(this.folder, this.id));
  }
}

/** The living `serve` process of a data directory, if there is one. `folder` holds the lock files. */
export async function findServing(
  database: Database,
  folder: string,
): Promise<Pick<ProcessesTable, "id" | "address"> | undefined> {
  const candidates = await database.kysely.selectFrom("processes").select(["id", "address"])
    .where("kind", "=", "serve").orderBy("started_at", "desc").execute();
  for (const candidate of candidates) if (await isAlive(folder, candidate.id)) return candidate;
}

/** Whether a process lives. One whose lock file is elsewhere (another machine) counts as alive: its lease decides. */
async function isAlive(folder: string, id: string): Promise<boolean> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(lockPath(folder, id), { write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
  using held = file;
  return !await held.tryLock(true);
}

function lockPath(folder: string, id: string): string {
  return join(folder, `${id}.lock`);
}

async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
