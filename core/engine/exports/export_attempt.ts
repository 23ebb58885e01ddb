/**
 * An attempt at the run of an export: what the plugin gets.
 *
 * @module
 */
import type { ExportJobDefinition } from "../../contracts/export_job.ts";
import { throwIfAborted } from "../../contracts/failure.ts";
import type { JsonValue } from "../../contracts/records.ts";
import type { Executor } from "../../database/database.ts";
import type { RunsTable } from "../../database/tables.ts";
import { type Attempt, checkpointOf, givenTo } from "../attempt.ts";
import { timeZoneOf } from "../schedule/fields.ts";
import { commitExport } from "./commit_export.ts";
import { openReading } from "./open_reading.ts";
import { publishedExport, publishExport } from "./publish.ts";
import { readerOf } from "./reader.ts";
import { signExport } from "./signing.ts";

/** Runs an export from its checkpoint; everything was delivered when it resolves. */
export async function exportMembers(job: ExportJobDefinition, attempt: Attempt): Promise<void> {
  const { core, claim, row, config, signal } = attempt;
  const { database, vault } = core;
  await using open = await openReading(database, {
    source: job.from(config),
    owner: { account: claim.account, reader: readerOf(row), saved: true },
    of: { ...row, run: row.id },
    signal,
  });
  await job.run({
    ...givenTo(job, attempt),
    ...open.given,
    timeZone: timeZoneOf(job, JSON.parse(row.config)),
    run: { id: row.id, job: await jobOf(open.reading.executor, row) },
    checkpoint: checkpointOf(job, attempt),
    commit: (checkpoint, delivered) => commitExport(database, claim, checkpoint as JsonValue, delivered),
    publish: (file, content) => publishExport(core, claim, file, content, signal),
    published: () => publishedExport(core, claim),
    sign: (bytes) => signExport(vault, bytes),
  });
  // A plugin may take an abort for an end.
  throwIfAborted(signal);
}

async function jobOf(executor: Executor, { account_id, job_id }: RunsTable) {
  if (job_id === null) return null;
  return await executor.selectFrom("jobs").select(["id", "label", "revision"]).where("account_id", "=", account_id)
    .where("id", "=", job_id).executeTakeFirst() ?? null;
}
