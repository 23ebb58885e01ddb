/**
 * What the plan of an export gets.
 *
 * @module
 */
import type { ExportJobDefinition } from "../../contracts/export_job.ts";
import type { Plan } from "../../contracts/job.ts";
import type { Log } from "../../contracts/log.ts";
import type { JsonValue } from "../../contracts/records.ts";
import type { Spool } from "../../contracts/spool.ts";
import type { Database } from "../../database/database.ts";
import { countMembers, listsOf } from "../audience_scan.ts";
import { isContinuous, timeZoneOf } from "../schedule/fields.ts";
import { exportHistory, type ExportOf } from "./history.ts";
import { planRows, requireFollowed } from "./profile_rows.ts";
import { openReading, type ReadingInput } from "./open_reading.ts";

/** What is planned. */
export interface PlannedExport extends Omit<ReadingInput, "source"> {
  /** Which runs are told of as those before. */
  readonly of: ExportOf;
  readonly signal: AbortSignal;
  readonly job: ExportJobDefinition;
  /** As the plugin gets it. */
  readonly config: Record<string, unknown>;
  /** As it is stored. */
  readonly stored: { readonly [key: string]: JsonValue };
  readonly connection: object;
  readonly spool: Spool;
  readonly log: Log;
}

/** Lets the plugin plan, over one state of the database. */
export async function planExport(
  database: Database,
  plan: NonNullable<ExportJobDefinition["plan"]>,
  { job, config, stored, owner, of, connection, spool, signal, log }: PlannedExport,
): Promise<Plan> {
  const source = job.from(config);
  await using open = await openReading(database, { source, owner }, signal);
  const { reading, given } = open;
  const { source: { target: { scope }, program, limit }, now } = reading;
  await requireFollowed(reading.executor, owner.account, source);
  const scan = { ...reading, scope, program };
  return await plan({
    ...given,
    rows: () => planRows(reading, source, signal),
    history: exportHistory(reading.executor, of),
    config,
    connection,
    spool,
    continuous: isContinuous(job, stored),
    timeZone: timeZoneOf(job, stored),
    signal,
    log,
    startedAt: now,
    size: async () => Math.min(limit, await countMembers(scan, await listsOf(scan))),
  });
}
