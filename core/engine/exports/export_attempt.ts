/**
 * An attempt at the run of an export: what the plugin gets.
 *
 * @module
 */
import type { ExportJobDefinition, ExportSource } from "../../contracts/export_job.ts";
import { throwIfAborted } from "../../contracts/failure.ts";
import type { Attempt } from "../attempt.ts";
import { givenToExport } from "./given_to_export.ts";
import { type OpenMembers, openReading } from "./open_reading.ts";
import { openReadingBeside } from "./reading_thread.ts";
import type { SourceOwner } from "./open_source.ts";
import { runRows, sweepRows } from "./profile_rows.ts";
import { readerOf } from "./reader.ts";

/** Runs an export from its checkpoint; everything was delivered when it resolves. */
export async function exportMembers(job: ExportJobDefinition, attempt: Attempt): Promise<void> {
  const { core: { database }, claim, row, config, signal } = attempt;
  const source = job.from(config);
  const rows = { database, claim, lane: row.job_id, source, owner: ownerOf(attempt), signal };
  await using members = await openMembers(source, attempt);
  await job.run({ ...await givenToExport(job, attempt), ...members.given, rows: () => runRows(rows) });
  // A plugin may take an abort for an end.
  throwIfAborted(signal);
  await sweepRows(rows);
}

/** In whose right a run reads. */
function ownerOf({ claim: { account }, row }: Attempt): Omit<SourceOwner, "settings"> {
  return { account, reader: readerOf(row), saved: true };
}

/**
 * Reading is work: where the database does it on the thread that asks, that is another one than this. Not for an export
 * of rows: those are read here, and whether the other thread has loaded what it takes need not be waited for.
 */
async function openMembers(source: ExportSource, attempt: Attempt): Promise<OpenMembers> {
  const { core: { database, home }, signal, helper } = attempt;
  const input = { source, owner: ownerOf(attempt) };
  return helper === undefined || database.kind !== "sqlite" || source.rows !== undefined
    ? await openReading(database, input, signal)
    : await openReadingBeside(helper, home.database, input, signal);
}
