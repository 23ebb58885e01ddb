/**
 * Whether something new came for a job.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";

/** A time of one job. */
export interface Since {
  readonly account: number;
  readonly job: string;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
}

/** Whether a file of the job was imported since, or a run of it has read rows and ended since, or is reading them now. */
export async function filesCame(executor: Executor, { account, job, since }: Since): Promise<boolean> {
  const file = await executor.selectFrom("imported_files").select("imported_at").where("account_id", "=", account)
    .where("owner", "=", job).where("imported_at", ">", since).limit(1).executeTakeFirst();
  if (file !== undefined) return true;
  const run = await executor.selectFrom("runs").select("id").where("account_id", "=", account).where("job_id", "=", job)
    .where("rows_read", ">", 0)
    .where((where) => where.or([where("finished_at", ">", since), where("status", "=", "running")]))
    .limit(1).executeTakeFirst();
  return run !== undefined;
}
