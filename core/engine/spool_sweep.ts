/**
 * Removes from the spool what nobody needs any more: files of runs that have ended for good, and of uploads that a crash
 * kept from becoming a run.
 *
 * @module
 */
import { Spool, type SpoolEntry, type SpoolPlace } from "./spool.ts";
import { findUpload, type UploadFiles } from "./upload_files.ts";

const HOUR = 3_600_000;

/** How long a failed or cancelled run keeps its file, so that it can be retried, in milliseconds: 7 days. */
export const KEEP_FAILED: number = 7 * 24 * HOUR;

/** After how long a folder without a byte is no longer one that a file is about to come into, in milliseconds. */
const KEEP_EMPTY = HOUR;

/** What to sweep. */
export interface SweepOptions {
  /** Of this account alone; of every account unless told. */
  readonly account?: number;
  /** Milliseconds that failed and cancelled runs keep their files; 7 days unless told. */
  readonly keepFailed?: number;
}

/** Removes what is to go and gives the runs whose files were. Runs that wait or work keep theirs. */
export async function sweepSpool(files: UploadFiles, options: SweepOptions = {}): Promise<string[]> {
  const spool = new Spool(files.home.spoolDir);
  const ended = await endUploads(files, options);
  for (const place of ended) await spool.remove(place);
  const stray: SpoolPlace[] = [];
  for await (const entry of spool.entries()) {
    if (options.account !== undefined && options.account !== entry.account) continue;
    if (!await isStray(files, entry)) continue;
    await spool.remove(entry);
    stray.push(entry);
  }
  return [...ended, ...stray].map(({ run }) => run);
}

/** Notes the files of runs that have ended for good as removed: a retry that comes first is seen by the transaction. */
async function endUploads(
  { database }: UploadFiles,
  { account, keepFailed = KEEP_FAILED }: SweepOptions,
): Promise<SpoolPlace[]> {
  return await database.write(async (transaction) => {
    const now = await database.now();
    const ended = await transaction.selectFrom("uploads")
      .innerJoin(
        "runs",
        (join) => join.onRef("runs.account_id", "=", "uploads.account_id").onRef("runs.id", "=", "uploads.run_id"),
      )
      .select(["uploads.account_id as account", "uploads.run_id as run"])
      .where("uploads.removed_at", "is", null)
      .$if(account !== undefined, (query) => query.where("uploads.account_id", "=", account!))
      .where((where) =>
        where.or([
          where("runs.status", "=", "succeeded"),
          where.and([
            where("runs.status", "in", ["failed", "cancelled"]),
            where("runs.finished_at", "<=", now - keepFailed),
          ]),
        ])
      ).execute();
    for (const { account, run } of ended) {
      await transaction.updateTable("uploads").set({ removed_at: now }).where("account_id", "=", account)
        .where("run_id", "=", run).execute();
    }
    return ended;
  });
}

/** Whether a folder of the spool is nobody's: its removal was cut off, or its upload was. */
async function isStray({ database: { kysely } }: UploadFiles, entry: SpoolEntry): Promise<boolean> {
  const { account, run, modified, bytes, coming } = entry;
  if (coming) return false;
  // Looked for after the lock: whoever has received a file queues its run before letting go of it.
  const upload = await findUpload(kysely, { account_id: account, id: run });
  if (upload !== undefined) return upload.removed_at !== null;
  // Files have the times of the machine, not those of the database.
  return bytes > 0 || Date.now() - modified > KEEP_EMPTY;
}
