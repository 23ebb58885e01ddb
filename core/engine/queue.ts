/**
 * The queue: rows of `runs`, claimed by lease and fencing token.
 *
 * A claim moves the fence; every write of a run names the fence it was claimed with. So a worker whose lease ran out
 * and was taken over can do no more harm, whenever it wakes up.
 *
 * @module
 */
import type { FailureJson } from "../contracts/failure.ts";
import type { Database, Executor } from "../database/database.ts";
import { type Claim, LEASE, LeaseLost, stoppedByRequest } from "./claim.ts";
import { noteRefreshFailure } from "./exports/note_failure.ts";
import { noteResults } from "./exports/note_results.ts";
import { noteEnd, noteHeld } from "./schedule/run_ends.ts";

/** Which runs a process may claim: any, or the given ones and those that these have to wait for. */
export type ClaimFilter = "any" | readonly string[];

/**
 * Claims the run that has waited longest, or nothing. Free are: queued runs whose time has come, and running ones whose
 * lease ran out or whose process is gone. Runs of one job go one after another: one that was interrupted before those
 * that are queued, of these the oldest first, also while it waits to try again. A queued run of a paused job is free
 * only if it had begun before.
 *
 * `working` are the runs that this process is executing: it never takes over its own, however late its heartbeat was
 * (a machine that slept).
 */
export async function claimRun(
  database: Database,
  owner: string,
  filter: ClaimFilter,
  working: readonly string[] = [],
): Promise<Claim | undefined> {
  if (filter !== "any" && filter.length === 0) return undefined;
  const free = (executor: Executor, now: number) =>
    executor.selectFrom("runs").select(["account_id", "id", "job_id", "fence", "attempts"])
      .where((where) =>
        where.or([
          where.and([
            where("status", "=", "queued"),
            where.or([
              where("not_before", "<=", now),
              // What a clock that was ahead has queued is not to wait until that time comes.
              where.and([where("attempts", "=", 0), where("created_at", ">", now)]),
            ]),
            where.or([
              where("attempts", ">", 0),
              where("job_id", "is", null),
              where.not(where.exists(
                where.selectFrom("jobs").select("jobs.id").whereRef("jobs.account_id", "=", "runs.account_id")
                  .whereRef("jobs.id", "=", "runs.job_id").where("jobs.status", "=", "paused"),
              )),
            ]),
          ]),
          where.and([
            where("status", "=", "running"),
            where.or([
              where("lease_until", "<", now),
              where("lease_owner", "not in", where.selectFrom("processes").select("id")),
            ]),
          ]),
        ])
      )
      .where((where) =>
        where.or([
          where("job_id", "is", null),
          where.not(where.exists(
            where.selectFrom("runs as other").select("other.id")
              .whereRef("other.account_id", "=", "runs.account_id").whereRef("other.job_id", "=", "runs.job_id")
              .whereRef("other.id", "!=", "runs.id").where((where) =>
                where.or([
                  where("other.status", "=", "running"),
                  where.and([
                    where("runs.status", "=", "queued"),
                    where("other.status", "=", "queued"),
                    where.or([
                      where("other.created_at", "<", where.ref("runs.created_at")),
                      where.and([
                        where("other.created_at", "=", where.ref("runs.created_at")),
                        where("other.id", "<", where.ref("runs.id")),
                      ]),
                    ]),
                  ]),
                ])
              ),
          )),
        ])
      )
      .$if(filter !== "any", (query) =>
        query.where((where) =>
          where.or([
            where("id", "in", filter as readonly string[]),
            where.exists(
              where.selectFrom("runs as own").select("own.id").where("own.id", "in", filter as readonly string[])
                .whereRef("own.account_id", "=", "runs.account_id").whereRef("own.job_id", "=", "runs.job_id")
                .where("own.status", "=", "queued"),
            ),
          ])
        ))
      .$if(working.length > 0, (query) => query.where("id", "not in", working))
      .orderBy("not_before").orderBy("created_at").orderBy("id").limit(1);
  // Looked first without the write lock: most looks find nothing.
  if (await free(database.kysely, await database.now()).executeTakeFirst() === undefined) return undefined;
  return await database.write(async (transaction) => {
    // Looked at again: the lock may have been waited for as long as a lease lasts.
    const now = await database.now();
    // A stopped worker may hold its run for longer than its lease: others are not to wait for that one.
    const found = await free(transaction, now)
      .$if(database.kind === "postgres", (query) => query.forUpdate().skipLocked()).executeTakeFirst();
    if (found === undefined) return undefined;
    const fence = found.fence + 1;
    await transaction.updateTable("runs")
      .set((set) => ({
        status: "running",
        fence,
        attempts: found.attempts + 1,
        lease_owner: owner,
        lease_until: now + LEASE,
        started_at: set.fn.coalesce("started_at", set.val(now)),
        failure: null,
        finished_at: null,
      }))
      .where("account_id", "=", found.account_id).where("id", "=", found.id).execute();
    const job = found.job_id === null ? {} : { job: found.job_id };
    return { account: found.account_id, run: found.id, fence, ...job };
  });
}

/** Lets those runs of a run's job that come before it try again now, however long they were to wait. */
export async function hastenEarlier(database: Database, account: number, run: string): Promise<void> {
  const now = await database.now();
  await database.kysely.updateTable("runs").set({ not_before: now })
    .where("account_id", "=", account).where("status", "=", "queued").where("not_before", ">", now)
    .where((where) =>
      where.exists(
        where.selectFrom("runs as own").select("own.id").where("own.account_id", "=", account).where("own.id", "=", run)
          .whereRef("own.job_id", "=", "runs.job_id").whereRef("own.created_at", ">=", "runs.created_at")
          .whereRef("own.id", "!=", "runs.id"),
      )
    ).execute();
}

/** A claimed run as its heartbeat finds it. */
export interface Held {
  readonly run: string;
  readonly fence: number;
  readonly stopRequested: boolean;
}

/** The runs that a process holds, as they stand. */
export async function heldRuns(database: Database, owner: string): Promise<Held[]> {
  const rows = await database.kysely.selectFrom("runs").select(["id", "fence", "stop_requested"])
    .where("status", "=", "running").where("lease_owner", "=", owner).execute();
  return rows.map((row) => ({ run: row.id, fence: row.fence, stopRequested: row.stop_requested === 1 }));
}

/** Extends the leases of the runs that a process is executing; one that nobody executes any more runs out. */
export async function extendLeases(database: Database, owner: string, working: readonly string[]): Promise<void> {
  if (working.length === 0) return;
  const now = await database.now();
  const held = unlockedRuns(database).where("status", "=", "running").where("lease_owner", "=", owner)
    .where("id", "in", working);
  await database.kysely.updateTable("runs").set({ lease_until: now + LEASE }).where("id", "in", held).execute();
}

/**
 * Runs that no transaction is changing, locked: what a heartbeat would wait for is a commit, which extends the lease
 * itself. SQLite has no locks on rows.
 */
function unlockedRuns(database: Database) {
  return database.kysely.selectFrom("runs").select("id")
    .$if(database.kind === "postgres", (query) => query.forUpdate().skipLocked());
}

/**
 * Keeps how long a run has worked, so that the time of an attempt that is killed counts; a claim that is no longer the
 * newest keeps nothing.
 */
export async function keepDuration(database: Database, claim: Claim, duration_ms: number): Promise<void> {
  const held = unlockedRuns(database).where("account_id", "=", claim.account).where("id", "=", claim.run)
    .where("fence", "=", claim.fence).where("status", "=", "running").where("duration_ms", "<", duration_ms);
  await database.kysely.updateTable("runs").set({ duration_ms }).where("id", "in", held).execute();
}

/** How a run ended. */
export type Outcome =
  | { readonly status: "succeeded" }
  | { readonly status: "failed" | "cancelled"; readonly failure: FailureJson }
  /** Until somebody approves what the failure says is doubtful. */
  | { readonly status: "held"; readonly failure: FailureJson };

/** A run that was asked to stop while it was failing for a while has nothing left to try again. */
export function heedStop(outcome: Outcome, stopRequested: boolean): Outcome {
  if (!stopRequested || outcome.status !== "failed" || outcome.failure.kind !== "transient") return outcome;
  return { status: "cancelled", failure: stoppedByRequest().toJSON() };
}

/** Ends a run. */
export async function finishRun(executor: Executor, claim: Claim, outcome: Outcome, now: number): Promise<void> {
  const { numUpdatedRows } = await executor.updateTable("runs").set({
    status: outcome.status,
    failure: outcome.status === "succeeded" ? null : JSON.stringify(outcome.failure),
    lease_owner: null,
    lease_until: null,
    finished_at: now,
  })
    .where("account_id", "=", claim.account).where("id", "=", claim.run)
    .where("fence", "=", claim.fence).where("status", "=", "running").executeTakeFirst();
  if (numUpdatedRows === 0n) throw new LeaseLost(claim);
  if (outcome.status === "held") await noteHeld(executor, claim, { ...outcome.failure, now });
  else await noteEnd(executor, claim, outcome, now);
  if (outcome.status === "succeeded") await noteResults(executor, claim, now);
  if (outcome.status === "failed") await noteRefreshFailure(executor, claim, outcome.failure, now);
}

/** Gives a run back to the queue: the next process goes on from its checkpoint. */
export async function releaseRun(executor: Executor, claim: Claim): Promise<void> {
  await executor.updateTable("runs").set({ status: "queued", lease_owner: null, lease_until: null })
    .where("account_id", "=", claim.account).where("id", "=", claim.run)
    .where("fence", "=", claim.fence).where("status", "=", "running").execute();
}

/** Why and when a run tries again. */
export interface Postponement {
  readonly failure: FailureJson;
  /** Milliseconds since the Unix epoch. */
  readonly until: number;
  /** Tries by itself, this one included. */
  readonly retries: number;
}

/** Gives a run back to the queue, not to be claimed before its time; false, and nothing done, when it is to stop. */
export async function postponeRun(executor: Executor, claim: Claim, next: Postponement): Promise<boolean> {
  const { numUpdatedRows } = await executor.updateTable("runs").set({
    status: "queued",
    failure: JSON.stringify(next.failure),
    not_before: next.until,
    retries: next.retries,
    lease_owner: null,
    lease_until: null,
  })
    .where("account_id", "=", claim.account).where("id", "=", claim.run).where("fence", "=", claim.fence)
    .where("status", "=", "running").where("stop_requested", "=", 0).executeTakeFirst();
  return numUpdatedRows > 0n;
}
