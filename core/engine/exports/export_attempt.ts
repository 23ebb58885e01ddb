/**
 * An attempt at the run of an export: what the plugin gets.
 *
 * @module
 */
import { folderSpool } from "../../codecs/spool.ts";
import type { ExportJobDefinition } from "../../contracts/export_job.ts";
import { throwIfAborted } from "../../contracts/failure.ts";
import type { JsonValue } from "../../contracts/records.ts";
import type { Executor } from "../../database/database.ts";
import type { RunsTable } from "../../database/tables.ts";
import { settingsOf } from "../account_settings.ts";
import { type Attempt, holdUnlessApproved } from "../attempt.ts";
import { isContinuous, timeZoneOf } from "../schedule/fields.ts";
import { commitExport } from "./commit_export.ts";
import { holdState } from "./held_state.ts";
import { exportHistory } from "./history.ts";
import { openSource } from "./open_source.ts";
import { publishedExport, publishExport } from "./publish.ts";
import { readerOf } from "./reader.ts";
import { readMembers } from "./read_members.ts";
import { signExport } from "./signing.ts";

/** Runs an export from its checkpoint; everything was delivered when it resolves. */
export async function exportMembers(job: ExportJobDefinition, attempt: Attempt): Promise<void> {
  const { core, claim, row, config, connection, signal, log } = attempt;
  const { database, statements, vault } = core;
  await using state = await holdState(database);
  const { executor } = state;
  const settings = await settingsOf(executor, claim.account);
  const owner = { account: claim.account, settings, reader: readerOf(row), saved: true };
  const source = await openSource(executor, owner, job.from(config));
  const reading = { executor, kind: database.kind, statements, source, now: await database.now(), signal };
  const stored = JSON.parse(row.config);
  await job.run({
    config,
    connection,
    spool: folderSpool(core.home.workDir),
    continuous: isContinuous(job, stored),
    timeZone: timeZoneOf(job, stored),
    signal,
    log,
    audience: source.audience,
    columns: source.columns,
    history: exportHistory(database.kysely, { ...row, run: row.id }),
    members: ({ after } = {}) => readMembers(reading, after),
    run: { id: row.id, job: await jobOf(executor, row) },
    checkpoint: row.checkpoint === null ? undefined : job.checkpoint.parse(JSON.parse(row.checkpoint)),
    startedAt: row.started_at ?? row.created_at,
    progress: attempt.progress,
    commit: (checkpoint, delivered) => commitExport(database, claim, checkpoint as JsonValue, delivered),
    publish: (file, content) => publishExport(core, claim, file, content, signal),
    published: () => publishedExport(core, claim),
    sign: (bytes) => signExport(vault, bytes),
    hold: (reason) => holdUnlessApproved(attempt, reason, "the audience"),
  });
  // A plugin may take an abort for an end.
  throwIfAborted(signal);
}

async function jobOf(executor: Executor, { account_id, job_id }: RunsTable) {
  if (job_id === null) return null;
  return await executor.selectFrom("jobs").select(["id", "label", "revision"]).where("account_id", "=", account_id)
    .where("id", "=", job_id).executeTakeFirst() ?? null;
}
