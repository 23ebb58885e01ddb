/**
 * What the plan and the run of every export get, whatever it reads.
 *
 * @module
 */
import type { ExportContext, ExportReading } from "../../contracts/export_job.ts";
import type { JobDefinition } from "../../contracts/job.ts";
import type { Log } from "../../contracts/log.ts";
import type { JsonValue } from "../../contracts/records.ts";
import type { Spool } from "../../contracts/spool.ts";
import type { Executor } from "../../database/database.ts";
import type { RunsTable } from "../../database/tables.ts";
import { type Attempt, checkpointOf, givenTo } from "../attempt.ts";
import { isContinuous, timeZoneOf } from "../schedule/fields.ts";
import { commitExport } from "./commit_export.ts";
import { exportHistory, type ExportOf } from "./history.ts";
import { publishedExport, publishExport } from "./publish.ts";
import { signExport } from "./signing.ts";

/** What is planned, whatever it reads. */
export interface PlannedJob {
  /** Which runs are told of as those before. */
  readonly of: ExportOf;
  readonly signal: AbortSignal;
  /** As the plugin gets it. */
  readonly config: Record<string, unknown>;
  /** As it is stored. */
  readonly stored: { readonly [key: string]: JsonValue };
  readonly connection: object;
  readonly spool: Spool;
  readonly log: Log;
}

/** What is given to the plan of the export's plugin, but for what it reads. */
export function givenToPlan(
  executor: Executor,
  job: JobDefinition,
  { of, signal, config, stored, connection, spool, log }: PlannedJob,
): Omit<ExportReading<Record<string, unknown>, object>, "audience" | "columns" | "members" | "rows"> {
  return {
    config,
    connection,
    spool,
    continuous: isContinuous(job, stored),
    timeZone: timeZoneOf(job, stored),
    signal,
    log,
    history: exportHistory(executor, of),
  };
}

/** What an attempt gives to the export's plugin, but for what it reads. */
export async function givenToExport(
  job: JobDefinition,
  attempt: Attempt,
): Promise<Omit<ExportContext<Record<string, unknown>, object, unknown>, "audience" | "columns" | "members" | "rows">> {
  const { core, claim, row, signal } = attempt;
  const { database, vault } = core;
  return {
    ...givenTo(job, attempt),
    history: exportHistory(database.kysely, { ...row, run: row.id }),
    timeZone: timeZoneOf(job, JSON.parse(row.config)),
    run: { id: row.id, job: await jobOf(database.kysely, row) },
    checkpoint: checkpointOf(job, attempt),
    commit: (checkpoint, delivered) => commitExport(database, claim, checkpoint as JsonValue, delivered),
    publish: (file, content) => publishExport(core, claim, file, content, signal),
    published: () => publishedExport(core, claim),
    sign: (bytes) => signExport(vault, bytes),
  };
}

async function jobOf(executor: Executor, { account_id, job_id }: RunsTable) {
  if (job_id === null) return null;
  return await executor.selectFrom("jobs").select(["id", "label", "revision"]).where("account_id", "=", account_id)
    .where("id", "=", job_id).executeTakeFirst() ?? null;
}
