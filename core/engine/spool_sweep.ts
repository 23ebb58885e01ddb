/**
 * Removes from the spool what nobody needs any more: files of runs that have ended for good, and of uploads that a crash
 * kept from becoming a run.
 *
 * @module
 */
import type { Log } from "../contracts/log.ts";
import { Spool, type SpoolEntry } from "./spool.ts";
import type { UploadFiles } from "./upload_files.ts";

const HOUR = 3_600_000;

/** How long a failed or cancelled run keeps its file, so that it can be retried, in milliseconds: 7 days. */
export const KEEP_FAILED: number = 7 * 24 * HOUR;

/** After how long a file without a run is no longer one that is coming in, in milliseconds. */
export const KEEP_UNQUEUED = HOUR;

/** What to sweep. */
export interface SweepOptions {
  /** Of this account alone; of every account unless told. */
  readonly account?: number;
  /** Milliseconds that failed and cancelled runs keep their files; 7 days unless told. */
  readonly keepFailed?: number;
}

/** Removes what is to go and gives the runs whose files were. Runs that wait or work keep theirs. */
export async function sweepSpool(
  { home, database }: UploadFiles,
  { account, keepFailed = KEEP_FAILED }: SweepOptions = {},
): Promise<string[]> {
  const spool = new Spool(home.spoolDir);
  const swept: string[] = [];
  for await (const entry of spool.entries()) {
    if (account !== undefined && account !== entry.account) continue;
    if (!await isToGo({ home, database }, entry, keepFailed)) continue;
    await spool.remove(entry);
    swept.push(entry.run);
  }
  return swept;
}

async function isToGo({ database }: UploadFiles, entry: SpoolEntry, keepFailed: number): Promise<boolean> {
  const { account, run, modified } = entry;
  // A retry that comes first is seen by the transaction.
  return await database.write(async (transaction) => {
    const upload = await transaction.selectFrom("uploads").select("removed_at").where("account_id", "=", account)
      .where("run_id", "=", run).executeTakeFirst();
    // Files have the times of the machine, not those of the database.
    if (upload === undefined) return Date.now() - modified > KEEP_UNQUEUED;
    if (upload.removed_at !== null) return true;
    const now = await database.now();
    const ended = await transaction.selectFrom("runs").select("id").where("account_id", "=", account)
      .where("id", "=", run)
      .where((where) =>
        where.or([
          where("status", "=", "succeeded"),
          where.and([where("status", "in", ["failed", "cancelled"]), where("finished_at", "<=", now - keepFailed)]),
        ])
      ).executeTakeFirst();
    if (ended === undefined) return false;
    await transaction.updateTable("uploads").set({ removed_at: now }).where("account_id", "=", account)
      .where("run_id", "=", run).execute();
    return true;
  });
}

/** Sweeps at once, and every hour until it is disposed of. */
export class SpoolKeeper implements AsyncDisposable {
  readonly #timer: ReturnType<typeof setInterval>;
  #sweeping: Promise<void>;

  constructor(private readonly files: UploadFiles, private readonly log: Log) {
    this.#sweeping = this.#sweep();
    this.#timer = setInterval(() => {
      this.#sweeping = this.#sweeping.then(() => this.#sweep());
    }, HOUR);
    Deno.unrefTimer(this.#timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    try {
      for (const run of await sweepSpool(this.files)) this.log.info("An uploaded file was removed", { run });
    } catch (error) {
      this.log.warn(`The spool could not be swept: ${error instanceof Error ? error.message : error}`);
    }
  }
}
