/**
 * Jobs that run when a file has come.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";
import { statement } from "../../database/statement.ts";
import { ON_ARRIVAL } from "../schedule/fields.ts";
import { earlier } from "../schedule/schedule_state.ts";
import type { Tree } from "./nodes.ts";

/** How long after a file jobs are due, in milliseconds: files that come together are imported together. */
const GATHER = 1_000;

/** The active jobs of the auth that has this tree, which have a schedule. */
const jobsOn = statement<
  { account: number; tree: string },
  { readonly id: string; readonly config: string; readonly due_at: number | null; readonly wake_at: number | null }
>(["account", "tree"], (executor, { account, tree }) =>
  executor.selectFrom("managed_users")
    .innerJoin("jobs", (join) =>
      join.onRef("jobs.account_id", "=", "managed_users.account_id")
        .onRef("jobs.auth_id", "=", "managed_users.auth_id"))
    .innerJoin("schedules", (join) =>
      join.onRef("schedules.account_id", "=", "jobs.account_id").onRef("schedules.job_id", "=", "jobs.id"))
    .select(["jobs.id", "jobs.config", "schedules.due_at", "schedules.wake_at"])
    .where("managed_users.account_id", "=", account).where("managed_users.tree_id", "=", tree)
    .where("jobs.status", "=", "active"));

/** Makes the jobs due that read this tree and run on arrival. */
export async function hastenJobs(executor: Executor, { account, id }: Tree, now: number): Promise<void> {
  const jobs = await jobsOn(executor, { account, tree: id });
  const due = now + GATHER;
  for (const job of jobs) {
    if (job.due_at === null || job.due_at <= due || JSON.parse(job.config).frequency !== ON_ARRIVAL) continue;
    await executor.updateTable("schedules").set({ due_at: due, wake_at: earlier(job.wake_at, due) })
      .where("account_id", "=", account).where("job_id", "=", job.id).execute();
  }
}
