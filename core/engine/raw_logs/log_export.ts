/**
 * Plan and run of an export of raw logs: what the plugin gets.
 *
 * @module
 */
import { throwIfAborted } from "../../contracts/failure.ts";
import type { Plan } from "../../contracts/job.ts";
import type { LogExportJobDefinition } from "../../contracts/log_export_job.ts";
import type { Database } from "../../database/database.ts";
import type { Attempt } from "../attempt.ts";
import { givenToExport, givenToPlan, type PlannedJob } from "../exports/given_to_export.ts";
import type { ReadingInput } from "../exports/open_reading.ts";
import { readerOf } from "../exports/reader.ts";
import { logHours, openLogs, spanAt } from "./open_logs.ts";

/** Lets the plugin plan, for the `owner` of what is planned. */
export async function planLogs(
  database: Database,
  job: LogExportJobDefinition,
  { owner, ...planned }: PlannedJob & Pick<ReadingInput, "owner">,
): Promise<Plan> {
  const app = await openLogs(database.kysely, owner, job.from(planned.config));
  const hours = spanAt(await database.now());
  return await job.plan!({ ...givenToPlan(database.kysely, job, planned), app, hours });
}

/** Runs an export of raw logs from its checkpoint; everything was delivered when it resolves. */
export async function exportLogs(job: LogExportJobDefinition, attempt: Attempt): Promise<void> {
  const { core, claim: { account }, row, config, signal } = attempt, { database } = core;
  const app = await openLogs(database.kysely, { account, reader: readerOf(row), saved: true }, job.from(config));
  const hours = logHours(core, account, app.id, await database.now());
  await job.run({ ...await givenToExport(job, attempt), app, hours });
  // A plugin may take an abort for an end.
  throwIfAborted(signal);
}
