/**
 * What the plan of an export gets.
 *
 * @module
 */
import type { ExportJobDefinition } from "../../contracts/export_job.ts";
import type { Plan } from "../../contracts/job.ts";
import type { Database } from "../../database/database.ts";
import { countMembers, listsOf } from "../audience_scan.ts";
import { givenToPlan, type PlannedJob } from "./given_to_export.ts";
import { openReading, type ReadingInput } from "./open_reading.ts";
import { planRows, requireFollowed } from "./profile_rows.ts";

/** Lets the plugin plan, over one state of the database, for the `owner` of what is planned. */
export async function planExport(
  database: Database,
  job: ExportJobDefinition,
  { owner, ...planned }: PlannedJob & Pick<ReadingInput, "owner">,
): Promise<Plan> {
  const { config, signal } = planned;
  const source = job.from(config);
  await using open = await openReading(database, { source, owner }, signal);
  const { reading, given } = open;
  const { source: { target: { scope }, program, limit }, now } = reading;
  await requireFollowed(reading.executor, owner.account, source);
  const scan = { ...reading, scope, program };
  return await job.plan!({
    ...given,
    ...givenToPlan(reading.executor, job, planned),
    rows: () => planRows(reading, source, signal),
    startedAt: now,
    size: async () => Math.min(limit, await countMembers(scan, await listsOf(scan))),
  });
}
