/**
 * An attempt at the run of an import: what the plugin gets, and what becomes of what it hands over.
 *
 * @module
 */
import { throwIfAborted } from "../contracts/failure.ts";
import type { ImportJobDefinition } from "../contracts/job.ts";
import { isListTarget } from "../contracts/list_target.ts";
import type { JsonValue } from "../contracts/records.ts";
import { type Attempt, checkpointOf, givenTo } from "./attempt.ts";
import { importFilesOf } from "./import_files.ts";
import { importList } from "./list_import.ts";
import { type OpenImport, openImport } from "./open_import.ts";

/** The column of a run that was never held, or that nobody has let go on. */
const NOTHING_APPROVED = "[]";

/** Runs an import from its checkpoint; everything that it handed over is committed when it resolves. */
export async function importRows(job: ImportJobDefinition, attempt: Attempt): Promise<void> {
  const { core, claim, row, config, signal, helper } = attempt;
  const target = job.into(config);
  if (isListTarget(target)) return await importList(job, target, attempt);
  let opening: Promise<OpenImport> | undefined;
  const ledger = importFilesOf(core, row, target.stream, async () => (await open()).people, helper);
  const open = () =>
    opening ??= openImport(core, claim, row, target, {
      signal,
      bytes: attempt.bytes,
      duration: attempt.duration,
      helper,
      note: attempt.note,
    });
  try {
    await job.run({
      ...givenTo(job, attempt),
      checkpoint: checkpointOf(job, attempt),
      emit: async (rows, checkpoint, files, passed) =>
        await (await open()).run.emit(rows, checkpoint as JsonValue, ledger.passed(files, passed)),
      reject: async (rows, preamble) => await (await open()).run.reject(rows, preamble),
      flush: async () => await (await opening)?.run.flush(),
      files: ledger.files,
      snapshots: ledger.snapshots,
    });
    // A plugin may take an abort for an end.
    throwIfAborted(signal);
    // Going on behind the last row, there is still the share of rejects of them all to look at.
    if (row.rows_read > 0) await open();
    await (await opening)?.finish();
    await ledger.sweep();
    if (row.approved !== NOTHING_APPROVED && row.rows_read === 0 && opening === undefined) {
      attempt.note("What this run was approved for is not there any more: nothing was imported");
    }
  } finally {
    await (await opening?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}
