/**
 * What the run of every export gets, whatever it reads.
 *
 * @module
 */
import type { ExportContext } from "../../contracts/export_job.ts";
import type { JobDefinition } from "../../contracts/job.ts";
import type { JsonValue } from "../../contracts/records.ts";
import type { Executor } from "../../database/database.ts";
import type { RunsTable } from "../../database/tables.ts";
import { type Attempt, checkpointOf, givenTo } from "../attempt.ts";
import { timeZoneOf } from "../schedule/fields.ts";
import { commitExport } from "./commit_export.ts";
import { exportHistory } from "./history.ts";
import { publishedExport, publishExport } from "./publish.ts";
import { signExport } from "./signing.ts";

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
