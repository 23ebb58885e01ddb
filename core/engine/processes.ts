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
import { Failure } from "../contracts/failure.ts";
import type { Database } from "../database/database.ts";
import type { ProcessesTable } from "../database/tables.ts";
import { diskFullFailure } from "./disk_full.ts";
import { newId } from "./ids.ts";
import { LEASE } from "./claim.ts";

/** A process of another machine that was not seen for this long, in milliseconds, is gone. */
const FORGOTTEN = 20 * LEASE;

/** A process that takes part. */
export class Processes implements AsyncDisposable {
  private constructor(
    private readonly database: Database,
    private readonly folder: string,
    /** Id of this process. */
    readonly id: string,
    private readonly lock: Deno.FsFile,
  ) {}

  /** Joins. `folder` holds the lock files. */
  static async join(database: Database, folder: string, kind: ProcessKind): Promise<Processes> {
    const id = newId();
    const lock = await makeLock(folder, id);
    try {
      return await Processes.#register(database, folder, kind, id, lock);
    } catch (error) {
      lock.close();
      await removeFile(lockPath(folder, id));
      throw error;
    }
  }

  static async #register(
    database: Database,
    folder: string,
    kind: ProcessesTable["kind"],
    id: string,
    lock: Deno.FsFile,
  ): Promise<Processes> {
    const now = await database.now();
    await database.kysely.insertInto("processes").values({
      id,
      kind,
      machine: hostname(),
      pid: Deno.pid,
      address: null,
      sftp_address: null,
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

  /** Tells the others where this process's SFTP server listens. */
  async servesSftpAt(address: { readonly host: string; readonly port: number }): Promise<void> {
    await this.database.kysely.updateTable("processes").set({ sftp_address: JSON.stringify(address) })
      .where("id", "=", this.id).execute();
  }

  /** Shows that this process is alive, to those who cannot see its lock. */
  async beat(): Promise<void> {
    const seen_at = await this.database.now();
    await this.database.kysely.updateTable("processes").set({ seen_at }).where("id", "=", this.id).execute();
  }

  /** Removes processes of this data directory that ended without leaving; their runs are free to be taken over. */
  async forgetDead(): Promise<void> {
    const others = await this.database.kysely.selectFrom("processes").select(["id", "seen_at"])
      .where("id", "!=", this.id).execute();
    const longAgo = await this.database.now() - FORGOTTEN;
    for (const { id, seen_at } of others) {
      const state = await stateOf(this.folder, id);
      if (state === "alive" || (state === "elsewhere" && seen_at > longAgo)) continue;
      await this.database.kysely.deleteFrom("processes").where("id", "=", id).execute();
      await removeFile(lockPath(this.folder, id));
    }
  }

  /** Leaves. Where the database cannot be written just now, the lock's file stays, and tells the others that it did. */
  async [Symbol.asyncDispose](): Promise<void> {
    let told = false;
    try {
      await this.database.kysely.deleteFrom("processes").where("id", "=", this.id).execute();
      told = true;
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "transient") throw error;
    } finally {
      this.lock.close();
    }
    if (told) await removeFile(lockPath(this.folder, this.id));
  }
}

/** `serve` and `worker` execute any run, `cli` its own. */
export type ProcessKind = ProcessesTable["kind"];

/** Whether processes of its kind execute any run. */
export function takesAny({ kind }: { readonly kind: ProcessKind }): boolean {
  return kind !== "cli";
}

/** A process that is there to execute runs. */
export type LivingProcess = Pick<ProcessesTable, "id" | "kind" | "address">;

/** The living `serve` process of a data directory, if there is one. `folder` holds the lock files. */
export async function findServing(database: Database, folder: string): Promise<LivingProcess | undefined> {
  return (await livingProcesses(database, folder)).find(({ kind }) => kind === "serve");
}

/** The living processes of a data directory, newest first. `folder` holds the lock files. */
export async function livingProcesses(database: Database, folder: string): Promise<LivingProcess[]> {
  const rows = await database.kysely.selectFrom("processes").select(["id", "kind", "address", "seen_at"])
    .orderBy("started_at", "desc").execute();
  const lately = await database.now() - LEASE;
  const living: LivingProcess[] = [];
  for (const { id, kind, address, seen_at } of rows) {
    const state = await stateOf(folder, id);
    // A restored backup holds rows of processes whose locks it does not hold.
    if (state === "alive" || (state === "elsewhere" && seen_at >= lately)) living.push({ id, kind, address });
  }
  return living;
}

/** Whether a process lives; `elsewhere` where its lock file is not here (another machine's): its lease decides. */
async function stateOf(folder: string, id: string): Promise<"alive" | "dead" | "elsewhere"> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(lockPath(folder, id), { write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "elsewhere";
    throw error;
  }
  using held = file;
  return await held.tryLock(true) ? "dead" : "alive";
}

async function makeLock(folder: string, id: string): Promise<Deno.FsFile> {
  const path = lockPath(folder, id);
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    await lock.lock(true);
    return lock;
  } catch (error) {
    throw diskFullFailure(error, path) ?? error;
  }
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
