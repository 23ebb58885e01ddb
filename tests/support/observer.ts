/**
 * Looks at a place from outside, while processes work in it.
 *
 * @module
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import type { Database } from "../../core/database/database.ts";
import { databasePath } from "./home.ts";
import { archivePath, homePath, ONLOOKER, openPlace, type Place } from "./place.ts";
import type { WaybillProcess } from "./waybill_process.ts";

/** Between two looks, in milliseconds. */
const LOOK = 2;

/** Longer than it takes to read the rows of a small commit, in milliseconds. */
const COMING_TO_COMMIT = 2_000;

/** A process that is nowhere, and lives for the others. */
const HOLDER = {
  id: "f".repeat(32),
  kind: "worker",
  machine: "nowhere",
  pid: 1,
  address: null,
  started_at: 0,
} as const;

/** What makes a run the above one's. */
const HELD = { lease_owner: HOLDER.id, lease_until: 8.64e15 };

/** A run as it stands. */
export interface RunState {
  readonly status: string;
  readonly rows_read: number;
  readonly attempts: number;
  readonly checkpoint: string | null;
  readonly failure: string | null;
}

/** Reads a place's database and archive; opened at the first look. */
export class Observer implements AsyncDisposable {
  #opening: Promise<Database> | undefined;

  constructor(private readonly place: Place, private readonly run: string) {}

  /** The run's row. */
  async state(): Promise<RunState> {
    const { kysely } = await this.#database();
    return await kysely.selectFrom("runs").select(["status", "rows_read", "attempts", "checkpoint", "failure"])
      .where("id", "=", this.run).executeTakeFirstOrThrow();
  }

  /** Resolves with the run's state once it is as wanted; fails when the run, or the process that is at it, ends first. */
  async until(
    executing: WaybillProcess,
    wanted: (state: RunState) => boolean | Promise<boolean>,
  ): Promise<RunState> {
    for (;;) {
      const state = await this.state();
      if (await wanted(state)) return state;
      if (state.status !== "queued" && state.status !== "running") {
        throw new Error(`The run ended ${state.status} before the moment came: ${state.failure}`);
      }
      if (executing.ended()) throw new Error(`The process ended before the moment came: ${executing.log.join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
  }

  /** Bytes that the present attempt has in archive files past the lengths that the database records. */
  async unrecorded(): Promise<number> {
    return await this.#unrecorded(`${this.run}-${(await this.state()).attempts}.`);
  }

  /** Bytes that any attempt has there. */
  async leftOver(): Promise<number> {
    return await this.#unrecorded(this.run);
  }

  async #unrecorded(writer: string): Promise<number> {
    const archive = archivePath(this.place);
    const { kysely } = await this.#database();
    // The files first: what grows meanwhile has been recorded, or is seen the next time.
    const files = new Map<string, number>();
    for (const entry of readdirSync(archive, { recursive: true, encoding: "utf8" })) {
      if (!entry.includes(writer)) continue;
      const file = statSync(join(archive, entry), { throwIfNoEntry: false });
      if (file?.isFile()) files.set(entry, file.size);
    }
    if (files.size === 0) return 0;
    const lengths = await kysely.selectFrom("segments").select(["path", "length"]).execute();
    for (const { path, length } of lengths) {
      const size = files.get(path);
      if (size !== undefined) files.set(path, Math.max(0, size - length));
    }
    return files.values().reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Whether the present attempt has appended to the archive and holds the transaction that is to record it. */
  async isCommitting(): Promise<boolean> {
    return await this.unrecorded() > 0 && !await this.#isFree();
  }

  /** Whether nobody holds the run's row. */
  async #isFree(): Promise<boolean> {
    const { kind, kysely } = await this.#database();
    if (kind === "sqlite") {
      using database = this.#writer();
      return tryToBegin(database);
    }
    const { rows } = await sql`select 1 from runs where id = ${this.run} for update skip locked`.execute(kysely);
    return rows.length === 1;
  }

  /**
   * Waits until the database has done with every process but this one: what a killed one had sent before it died, such
   * as a commit, PostgreSQL still carries out.
   */
  async settled(): Promise<void> {
    const { kind, kysely } = await this.#database();
    if (kind === "sqlite") return;
    for (;;) {
      const { rows } = await sql`select 1 from pg_stat_activity
        where datname = current_database() and application_name <> ${ONLOOKER}`.execute(kysely);
      if (rows.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
  }

  /**
   * Takes its run away from a process that begins a commit, of rows that it has read and prepared. On SQLite the process
   * is stopped then, so committing is the first thing it tries when it is continued; that it waits to begin cannot be
   * seen from here: it is given the time to come to that. On PostgreSQL its transaction has begun, and the process goes
   * on: stopped, it would keep the run locked until the server ends the transaction. So there this waits until the
   * process has noticed, fails if it has committed all the same, and then leaves the run to whoever takes it.
   */
  async takeAwayAtCommit(executing: WaybillProcess): Promise<void> {
    const database = await this.#database();
    const { kysely, kind } = database;
    const before = await database.write(async (transaction) => {
      const own = transaction.updateTable("runs").where("id", "=", this.run);
      const { rows_read } = await own.set({ lease_until: 1 }).returning("rows_read").executeTakeFirstOrThrow();
      if (kind === "sqlite") {
        await new Promise((resolve) => setTimeout(resolve, COMING_TO_COMMIT));
        await executing.pause();
      } else await this.#someoneWaitsForRuns(executing);
      await own.set((set) => ({ fence: set("fence", "+", 1), ...kind === "sqlite" ? { lease_until: 1 } : HELD }))
        .where("status", "=", "running").execute();
      if (kind === "postgres") {
        await transaction.insertInto("processes").values({ ...HOLDER, seen_at: await database.now() }).execute();
      }
      return rows_read;
    }, { beside: true });
    if (kind === "sqlite") return;
    await executing.logged(/was taken over by another process/);
    const { rows_read } = await this.state();
    if (rows_read !== before) throw new Error(`A worker without its lease has committed: ${before}, ${rows_read} rows`);
    await kysely.deleteFrom("processes").where("id", "=", HOLDER.id).execute();
  }

  /** Resolves once a transaction waits for a run's row that another one holds. */
  async #someoneWaitsForRuns(executing: WaybillProcess): Promise<void> {
    const { kysely } = await this.#database();
    for (let waiting = 0; waiting === 0 && !executing.ended();) {
      const { rows } = await sql`select 1 from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock' and query like 'update "runs" set%'`.execute(kysely);
      waiting = rows.length;
    }
  }

  /**
   * Does `work` once the run has read `rows`, all of them committed, and before its end is written, which waits for
   * this. Looks closely once it has read `near` of them, which must not be all. On SQLite the end may
   * come first: then the run's state tells, and `work` is not done.
   */
  async beforeTheEnd(
    executing: WaybillProcess,
    { near, rows }: { readonly near: number; readonly rows: number },
    work: () => Promise<void>,
  ): Promise<void> {
    const { kind } = await this.#database();
    if (kind === "postgres") {
      const { rows_read: before } = await this.state();
      await this.until(executing, async ({ rows_read }) => rows_read > before || await this.unrecorded() > 0);
      // Other transactions than those that commit rows go one after another; this one waits for the rows.
      return await (await this.#database()).write(async () => {
        await this.until(executing, ({ rows_read }) => rows_read === rows);
        await work();
      });
    }
    using database = this.#writer();
    await this.until(executing, ({ rows_read }) => rows_read >= near);
    for (;;) {
      await this.until(executing, async ({ status }) => status === "succeeded" || await this.unrecorded() > 0);
      // A thread that sleeps between two tries would leave the run the time to end.
      while (!tryToBegin(database));
      const { rows_read, status } = await this.state();
      if (rows_read === rows && status === "running") await work();
      database.exec("rollback");
      if (rows_read === rows) return;
    }
  }

  #writer(): DatabaseSync {
    return new DatabaseSync(databasePath(homePath(this.place)), { timeout: 0 });
  }

  #database(): Promise<Database> {
    return this.#opening ??= openPlace(this.place);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#opening)?.[Symbol.asyncDispose]();
  }
}

function tryToBegin(database: DatabaseSync): boolean {
  try {
    database.exec("begin immediate");
    return true;
  } catch (error) {
    if (error instanceof Error && /locked|busy/.test(error.message)) return false;
    throw error;
  }
}

/** The id of a place's only run, once a process has made it. */
export async function onlyRun(place: Place, making: WaybillProcess): Promise<string> {
  await using database = await openPlace(place);
  for (;;) {
    const run = await database.kysely.selectFrom("runs").select("id").executeTakeFirst();
    if (run !== undefined) return run.id;
    if (making.ended()) throw new Error(`The process ended before it made a run: ${making.log.join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}
