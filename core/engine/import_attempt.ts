/**
 * An attempt at the run of an import: what the plugin gets, and what becomes of what it hands over.
 *
 * @module
 */
import { folderSpool } from "../codecs/spool.ts";
import { throwIfAborted } from "../contracts/failure.ts";
import type { ImportJobDefinition } from "../contracts/job.ts";
import { isListTarget } from "../contracts/list_target.ts";
import type { JsonValue } from "../contracts/records.ts";
import { type Attempt, holdUnlessApproved } from "./attempt.ts";
import { importFilesOf } from "./import_files.ts";
import { importList } from "./list_import.ts";
import { type OpenImport, openImport } from "./open_import.ts";
import { isContinuous } from "./schedule/fields.ts";

/** Runs an import from its checkpoint; everything that it handed over is committed when it resolves. */
export async function importRows(job: ImportJobDefinition, attempt: Attempt): Promise<void> {
  const { core, claim, row, config, connection, signal, log, commits } = attempt;
  const target = job.into(config);
  if (isListTarget(target)) return await importList(job, target, attempt);
  let opening: Promise<OpenImport> | undefined;
  const ledger = importFilesOf(core, row, target.stream, async () => (await open()).people);
  const open = () =>
    opening ??= openImport(core, claim, row, target, {
      signal,
      bytes: attempt.bytes,
      duration: attempt.duration,
      commits,
      note: attempt.note,
    });
  try {
    await job.run({
      config,
      connection,
      checkpoint: row.checkpoint === null ? undefined : job.checkpoint.parse(JSON.parse(row.checkpoint)),
      startedAt: row.started_at ?? row.created_at,
      spool: folderSpool(core.home.workDir),
      continuous: isContinuous(job, JSON.parse(row.config)),
      signal,
      log,
      progress: attempt.progress,
      emit: async (rows, checkpoint, files, passed) =>
        await (await open()).run.emit(rows, checkpoint as JsonValue, ledger.passed(files, passed)),
      reject: async (rows, preamble) => await (await open()).run.reject(rows, preamble),
      flush: async () => await (await opening)?.run.flush(),
      files: ledger.files,
      snapshots: ledger.snapshots,
      hold: (reason) => holdUnlessApproved(attempt, reason, "the file"),
    });
    // A plugin may take an abort for an end.
    throwIfAborted(signal);
    // Going on behind the last row, there is still the share of rejects of them all to look at.
    if (row.rows_read > 0) await open();
    await (await opening)?.finish();
    await ledger.sweep();
  } finally {
    await (await opening?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}
