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
import { exportHistory } from "./history.ts";
import { type OpenMembers, openReading } from "./open_reading.ts";
import { openReadingBeside } from "./reading_thread.ts";
import type { SourceOwner } from "./open_source.ts";
import { runRows, sweepRows } from "./profile_rows.ts";
import { publishedExport, publishExport } from "./publish.ts";
import { readerOf } from "./reader.ts";
import { signExport } from "./signing.ts";

/** Runs an export from its checkpoint; everything was delivered when it resolves. */
export async function exportMembers(job: ExportJobDefinition, attempt: Attempt): Promise<void> {
  const { core, claim, row, config, signal } = attempt;
  const { database, vault } = core;
  const source = job.from(config);
  const rows = { database, claim, lane: row.job_id, source, owner: ownerOf(attempt), signal };
  await using members = await openMembers(job, attempt);
  await job.run({
    ...givenTo(job, attempt),
    ...members.given,
    rows: () => runRows(rows),
    history: exportHistory(database.kysely, { ...row, run: row.id }),
    timeZone: timeZoneOf(job, JSON.parse(row.config)),
    run: { id: row.id, job: await jobOf(database.kysely, row) },
    checkpoint: checkpointOf(job, attempt),
    commit: (checkpoint, delivered) => commitExport(database, claim, checkpoint as JsonValue, delivered),
    publish: (file, content) => publishExport(core, claim, file, content, signal),
    published: () => publishedExport(core, claim),
    sign: (bytes) => signExport(vault, bytes),
  });
  // A plugin may take an abort for an end.
  throwIfAborted(signal);
  await sweepRows(rows);
}

/** In whose right a run reads. */
function ownerOf({ claim: { account }, row }: Attempt): Omit<SourceOwner, "settings"> {
  return { account, reader: readerOf(row), saved: true };
}

/** Reading is work: where the database does it on the thread that asks, that is another one than this. */
async function openMembers(
  job: ExportJobDefinition,
  attempt: Attempt,
): Promise<OpenMembers> {
  const { core: { database, home }, config, signal, helper } = attempt;
  const input = { source: job.from(config), owner: ownerOf(attempt) };
  return helper === undefined || database.kind !== "sqlite"
    ? await openReading(database, input, signal)
    : await openReadingBeside(helper, home.database, input, signal);
}

async function jobOf(executor: Executor, { account_id, job_id }: RunsTable) {
  if (job_id === null) return null;
  return await executor.selectFrom("jobs").select(["id", "label", "revision"]).where("account_id", "=", account_id)
    .where("id", "=", job_id).executeTakeFirst() ?? null;
}
