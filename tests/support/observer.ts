/**
 * Looks at a data directory from outside, while processes work in it.
 *
 * @module
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { archivePath, databasePath } from "./home.ts";
import type { WaybillProcess } from "./waybill_process.ts";

/** Between two looks, in milliseconds. */
const LOOK = 2;

/** A run as it stands. */
export interface RunState {
  readonly status: string;
  readonly rows_read: number;
  readonly attempts: number;
  readonly checkpoint: string | null;
  readonly failure: string | null;
}

/** Reads a data directory's database and archive. */
export class Observer implements Disposable {
  readonly #database: DatabaseSync;
  readonly #archive: string;

  constructor(home: string, private readonly run: string) {
    this.#database = new DatabaseSync(databasePath(home), { timeout: 10_000 });
    this.#archive = archivePath(home);
  }

  /** The run's row. */
  state(): RunState {
    const row = this.#database.prepare(
      "select status, rows_read, attempts, checkpoint, failure from runs where id = ?",
    ).get(this.run);
    if (row === undefined) throw new Error(`Run "${this.run}" is not there`);
    return row as unknown as RunState;
  }

  /** Resolves with the run's state once it is as wanted; fails when the run, or the process that is at it, ends first. */
  async until(executing: WaybillProcess, wanted: (state: RunState) => boolean): Promise<RunState> {
    for (;;) {
      const state = this.state();
      if (wanted(state)) return state;
      if (state.status !== "queued" && state.status !== "running") {
        throw new Error(`The run ended ${state.status} before the moment came: ${state.failure}`);
      }
      if (executing.ended()) throw new Error(`The process ended before the moment came: ${executing.log.join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
  }

  /** Bytes that the present attempt has in archive files past the lengths that the database records. */
  unrecorded(): number {
    return this.#unrecorded(`${this.run}-${this.state().attempts}.`);
  }

  /** Bytes that any attempt has there. */
  leftOver(): number {
    return this.#unrecorded(this.run);
  }

  #unrecorded(writer: string): number {
    const lengths = new Map(
      this.#database.prepare("select path, length from segments").all()
        .map((row) => [String(row.path), Number(row.length)]),
    );
    let bytes = 0;
    for (const entry of readdirSync(this.#archive, { recursive: true, encoding: "utf8" })) {
      if (!entry.includes(writer)) continue;
      const file = statSync(join(this.#archive, entry), { throwIfNoEntry: false });
      if (file?.isFile()) bytes += Math.max(0, file.size - (lengths.get(entry) ?? 0));
    }
    return bytes;
  }

  /** Moves the run's lease into the past, unless somebody is writing just now; tells whether it did. */
  expireLease(): boolean {
    this.#database.exec("pragma busy_timeout = 0");
    try {
      const { changes } = this.#database.prepare("update runs set lease_until = 1 where id = ? and status = 'running'")
        .run(this.run);
      return changes === 1;
    } catch (error) {
      if (error instanceof Error && /locked|busy/.test(error.message)) return false;
      throw error;
    } finally {
      this.#database.exec("pragma busy_timeout = 10000");
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
