/**
 * What a run knows of files that were imported before, and how those that it imports become known.
 *
 * @module
 */
import type { ImportTarget, Passed } from "../contracts/job.ts";
import type { FileLedger, ImportedFile } from "../contracts/ledger.ts";
import { isListTarget, type ListTarget } from "../contracts/list_target.ts";
import type { Snapshots } from "../contracts/snapshot.ts";
import type { RunsTable } from "../database/tables.ts";
import type { Core } from "./core.ts";
import type { PassedRows } from "./import_buffer.ts";
import { ledgerOwner, markedFiles, NO_LEDGER, readLedger } from "./ledger.ts";
import type { ErasedOfStream } from "./snapshot_people.ts";
import { folderSpool } from "../codecs/spool.ts";
import { comparisonsOf, noSnapshots } from "./comparisons.ts";
import { snapshotsOf, sweepSnapshots } from "./snapshots.ts";

/** What a ledger is called by: the stream that the files go into, or the list, which no stream is called like. */
export function ledgerName(target: ImportTarget | ListTarget): string {
  if (!isListTarget(target)) return target.stream;
  const { app, id, name } = target.list;
  return `list ${app} ${id ?? name}`;
}

/** The ledger and the snapshots of a run. */
export interface ImportFiles {
  readonly files: FileLedger;
  readonly snapshots: Snapshots;
  /** What a commit is to note. */
  passed(files: readonly ImportedFile[] | undefined, passed: Passed | undefined): PassedRows;
  /** Removes snapshots that were replaced. */
  sweep(): Promise<void>;
}

/**
 * Those of the run's job, or of whatever else imports from its auth into the stream; of an upload nothing is known.
 * `people` gives whom a snapshot must not tell of; `helper` leads to the Worker beside this one.
 */
export function importFilesOf(
  { database, home, identityKey }: Core,
  row: RunsTable,
  stream: string,
  people: () => Promise<ErasedOfStream>,
  helper: MessagePort | undefined,
): ImportFiles {
  const { account_id: account, id: run, job_id, auth_id, job_type } = row;
  if (auth_id === null) {
    return {
      files: NO_LEDGER,
      snapshots: noSnapshots(folderSpool(home.workDir)),
      passed: (_files, { unchanged = 0 } = {}) => ({ unchanged }),
      sweep: async () => {},
    };
  }
  const owner = ledgerOwner({ job_id, auth_id, job_type }, stream);
  const force = row.force === 1;
  const place = { account, owner, key: identityKey };
  const snapshotPlace = { folder: home.snapshotsDir, account, owner, run, key: identityKey };
  const store = snapshotsOf(database, snapshotPlace, force, people);
  let adopted = false;
  return {
    files: readLedger(database.kysely, place, force),
    snapshots: comparisonsOf(store, { place: snapshotPlace, workDir: home.workDir, helper }),
    passed: (files = [], { unchanged = 0, compared, snapshot } = {}) => {
      adopted ||= snapshot !== undefined;
      return {
        files: markedFiles(place, files),
        unchanged,
        ...(compared === undefined ? {} : { compared }),
        snapshot: snapshot === undefined ? undefined : { owner, file: snapshot },
      };
    },
    sweep: async () => {
      if (adopted) await sweepSnapshots(database.kysely, home.snapshotsDir, account);
    },
  };
}
