/**
 * The tables of jobs: their runs, the files that runs took, and what is kept of them.
 *
 * The rules of `../tables.ts` hold here too.
 *
 * @module
 */

/** A configured instance of a job type. */
export interface JobsTable {
  account_id: number;
  /** 32 hex digits. */
  id: string;
  type: string;
  label: string;
  description: string;
  auth_id: string | null;
  config: string;
  status: "active" | "paused";
  /** 1 where whoever configured it last may see personal fields: an export may hold them then. */
  personal: number;
  /** 1, and one more with every change. */
  revision: number;
  created_at: number;
  updated_at: number;
}

/** How a run stands. */
export type RunStatus = "queued" | "running" | "held" | "succeeded" | "failed" | "cancelled";

/** One execution of a job, and at the same time the queue: a row is claimed by lease and fence. */
export interface RunsTable {
  account_id: number;
  /** 32 hex digits. */
  id: string;
  /** The saved job, or null for a run started by job type. */
  job_id: string | null;
  job_type: string;
  auth_id: string | null;
  /** JSON, as it was when the run was made. */
  config: string;
  status: RunStatus;
  /** JSON of a `FailureJson`, once failed or cancelled, or while it waits to try again. */
  failure: string | null;
  /** JSON list of sentences that the user should read. */
  notes: string;
  /** JSON of a `Progress`. */
  progress: string | null;
  /** JSON, moved in the transaction that commits its rows. */
  checkpoint: string | null;
  rows_read: number;
  accepted: number;
  rejected: number;
  /** Those of the rejected rows whose text was erased, or never kept. */
  rejected_erased: number;
  /** Those of the rejected rows that were well-formed changes, and did not suit what their profiles held. */
  misfits: number;
  unchanged: number;
  refused: number;
  /** What diffs found in the files that were wholly passed. */
  added: number;
  changed: number;
  removed: number;
  bytes: number;
  /** Members that an export delivered, and where. */
  rows_exported: number;
  path: string | null;
  profiles_created: number;
  profiles_updated: number;
  /** Times it was claimed. */
  attempts: number;
  /** Tries by itself after a transient failure, since it last committed anything. */
  retries: number;
  /** Moved at every claim; a commit names the fence it was claimed with, so a lost lease cannot commit. */
  fence: number;
  /** Process (`processes.id`) that holds the lease. */
  lease_owner: string | null;
  lease_until: number | null;
  /** Earliest start: retries wait here. */
  not_before: number;
  /** Which time of its job's schedule it is for; null for one that somebody started. */
  due_at: number | null;
  /** 1 once somebody asked it to stop. */
  stop_requested: number;
  /** 1 where it imports files whatever the ledger knows of them. */
  force: number;
  /** 1 where whoever made it may see personal fields. */
  personal: number;
  /** JSON list of hashes: what it was held for, and somebody approved. */
  approved: string;
  created_at: number;
  /** First start: the time of events without one. */
  started_at: number | null;
  finished_at: number | null;
  /** Milliseconds spent running, over all attempts. */
  duration_ms: number;
}

/** A file that came over HTTP, for the run that imports it. */
export interface UploadsTable {
  account_id: number;
  run_id: string;
  /** SHA-256, hex, of who uploads, the stream and the idempotency key; null without one, and once its day is over. */
  key_hash: string | null;
  /** SHA-256, hex, of job type, config and content. */
  digest: string;
  bytes: number;
  created_at: number;
  /** When its file was removed from the spool. */
  removed_at: number | null;
}

/** A file that a job has imported. */
export interface ImportedFilesTable {
  account_id: number;
  /** The saved job's id, or what stands for an auth, a job type and a stream. */
  owner: string;
  /** What it is found by: 32 hex digits of a keyed hash of its path. */
  path_key: string;
  /** For people: erasure takes names out of it. */
  path: string;
  size: number;
  modified: number;
  /** SHA-256 of its bytes, hex. */
  hash: string;
  /** In its name. */
  timestamp: number | null;
  /** Rows, the rejected ones included. */
  rows_read: number;
  rejected: number;
  run_id: string;
  imported_at: number;
}

/** What is kept of the last file that somebody imported with a diff. */
export interface SnapshotsTable {
  account_id: number;
  /** Whose it is, as in `imported_files`. */
  owner: string;
  /** Name of its file in the account's folder of snapshots. */
  file: string;
  /** The stream that its rows went into; null for one that was made before this was noted, and holds hashes alone. */
  stream_id: number | null;
  run_id: string;
  created_at: number;
}
