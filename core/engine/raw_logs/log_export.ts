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
import { givenToExport } from "../exports/given_to_export.ts";
import { exportHistory } from "../exports/history.ts";
import type { PlannedExport } from "../exports/plan_export.ts";
import { readerOf } from "../exports/reader.ts";
import { isContinuous, timeZoneOf } from "../schedule/fields.ts";
import { logHours, openLogs, spanAt } from "./open_logs.ts";

/** What is planned. */
export interface PlannedLogs extends Omit<PlannedExport, "job"> {
  readonly job: LogExportJobDefinition;
}

/** Lets the plugin plan. */
export async function planLogs(
  database: Database,
  plan: NonNullable<LogExportJobDefinition["plan"]>,
  { job, config, stored, owner, of, connection, spool, signal, log }: PlannedLogs,
): Promise<Plan> {
  const app = await openLogs(database.kysely, owner, job.from(config));
  return await plan({
    config,
    connection,
    spool,
    continuous: isContinuous(job, stored),
    timeZone: timeZoneOf(job, stored),
    signal,
    log,
    history: exportHistory(database.kysely, of),
    app,
    hours: spanAt(await database.now()),
  });
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
