/**
 * What a job exported before.
 *
 * @module
 */
import type { ExportHistory } from "../../contracts/export_job.ts";
import type { Executor } from "../../database/database.ts";
import type { RunsTable } from "../../database/tables.ts";

/** Which runs are a job's: those of a saved job, or those of a type that were started with the same auth and config. */
export type ExportOf = Pick<RunsTable, "account_id" | "job_id" | "job_type" | "auth_id" | "config"> & {
  /** The run that asks; none of those that are told of. */
  readonly run?: string;
};

/** The exports of a job's runs that came to their end. */
export function exportHistory(executor: Executor, { account_id, job_id, run = "", ...other }: ExportOf): ExportHistory {
  const succeeded = () => {
    const runs = executor.selectFrom("runs").where("account_id", "=", account_id).where("status", "=", "succeeded")
      .where("id", "!=", run);
    return job_id !== null ? runs.where("job_id", "=", job_id) : runs.where("job_id", "is", null)
      .where("job_type", "=", other.job_type).where("auth_id", "is not distinct from", other.auth_id)
      .where("config", "=", other.config);
  };
  return {
    last: async () => {
      const row = await succeeded().select(["id", "rows_exported", "path", "finished_at"])
        .orderBy("created_at", "desc").orderBy("id", "desc").limit(1).executeTakeFirst();
      return row && { run: row.id, rows: row.rows_exported, path: row.path, endedAt: row.finished_at ?? 0 };
    },
    wrote: async (path) =>
      await succeeded().select("id").where("path", "=", path).limit(1).executeTakeFirst() !== undefined,
  };
}
