/**
 * Continuous jobs under a clock of the test's: for the tests of schedules.
 *
 * @module
 */
import { memorySpool } from "../../codecs/spool_memory.ts";
import type { FailureJson } from "../../contracts/failure.ts";
import type { JsonValue } from "../../contracts/records.ts";
import { alteredDatabase } from "../../database/altered_testing.ts";
import type { Database } from "../../database/database.ts";
import type { NoticesTable, RunsTable } from "../../database/tables.ts";
import type { TestDatabases } from "../../testing/each_database_testing.ts";
import { startEngine } from "../engine_testing.ts";
import { jobsOf } from "../jobs.ts";
import { claimRun, finishRun } from "../queue.ts";
import { ownAccountOf } from "../accounts.ts";
import type { Jobs, OwnAccount } from "../runtime.ts";
import type { JobView } from "../views.ts";
import { attend, type Attended } from "./attend.ts";

/** An engine whose clock stands where it is put. */
export interface Continuous extends AsyncDisposable {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly account: OwnAccount;
  /** Puts the clock to an ISO 8601 time. */
  setClock(time: string): void;
  /** Puts the clock there and does what is due. */
  attendAt(time: string): Promise<Attended>;
  /** Makes a continuous job. */
  make(label: string, config: { readonly [key: string]: JsonValue }): Promise<JobView>;
  /** Ends the run that has waited longest: with rows read, or with a failure. */
  end(how: { readonly rows?: number; readonly failure?: Partial<FailureJson> }): Promise<void>;
  runs(): Promise<RunsTable[]>;
  notices(): Promise<NoticesTable[]>;
}

/** Starts one, at noon of the 10th of January 2026, UTC. */
export async function startContinuous(databases: TestDatabases): Promise<Continuous> {
  const engine = await startEngine(databases);
  let clock = Date.parse("2026-01-10T12:00:00Z");
  const database = alteredDatabase(engine.context.database, { now: async () => clock });
  const context = { ...engine.context, database };
  await engine.auths.create({ method: "echo-open", label: "Open", config: {} });
  const jobs = jobsOf(context, engine.connections, memorySpool());
  const { kysely } = database;
  const setClock = (time: string) => {
    clock = Date.parse(time);
  };
  return {
    database,
    jobs,
    account: ownAccountOf(context),
    setClock,
    attendAt: async (time) => {
      setClock(time);
      return await attend(database);
    },
    make: async (label, config) =>
      await jobs.create({
        type: "echo-import",
        auth: "Open",
        label,
        config: { stream: "s", file: "a.csv", keep_updated: true, ...config },
      }),
    end: async ({ rows = 0, failure }) => {
      const claim = await claimRun(database, "test", "any");
      if (claim === undefined) throw new Error("No run waits");
      await database.write(async (transaction) => {
        await transaction.updateTable("runs").set({ rows_read: rows, accepted: rows }).where("id", "=", claim.run)
          .execute();
        const failed: FailureJson = {
          kind: "config",
          message: "The folder is gone",
          hint: null,
          code: null,
          ...failure,
        };
        await finishRun(
          transaction,
          claim,
          failure === undefined ? { status: "succeeded" } : { status: "failed", failure: failed },
          clock,
        );
      });
    },
    runs: async () => await kysely.selectFrom("runs").selectAll().orderBy("created_at").execute(),
    notices: async () =>
      await kysely.selectFrom("notices").selectAll().orderBy("created_at").orderBy("channel").execute(),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}
