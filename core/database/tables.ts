/**
 * The tables, as Kysely sees them. One schema for SQLite and PostgreSQL.
 *
 * `account_id` leads every key, so that the data can be partitioned by account (ARCHITECTURE, decision 7). Times are
 * whole milliseconds since the Unix epoch; JSON is text; booleans are 0 and 1; no integer passes 2^53.
 *
 * @module
 */
import type { ArtifactsTable } from "./tables/artifacts.ts";
import type {
  ApiKeysTable,
  AppsTable,
  AudienceListsTable,
  EnabledExportsTable,
  LogBatchesTable,
  RateWindowsTable,
} from "./tables/bulk.ts";
import type {
  AudienceHeadsTable,
  AudienceMembersTable,
  AudiencesTable,
  CrowdedProfilesTable,
  ErasedIdentitiesTable,
  ErasuresTable,
  GenerationsTable,
  IdentityBlocksTable,
  IdentityRunsTable,
  ProfileMergesTable,
  ProfilesTable,
  ProfileStampsTable,
  ProfileTablesTable,
} from "./tables/people.ts";
import type {
  ManagedLogTable,
  ManagedNodesTable,
  ManagedSessionsTable,
  ManagedTreesTable,
  ManagedUsersTable,
} from "./tables/managed.ts";
import type { NoticesTable, SchedulesTable } from "./tables/schedules.ts";

export type * from "./tables/artifacts.ts";
export type * from "./tables/bulk.ts";
export type * from "./tables/managed.ts";
export type * from "./tables/people.ts";
export type * from "./tables/schedules.ts";

/** A tenant. */
export interface AccountsTable {
  id: number;
  /** What the outside knows it by: 32 hex digits. */
  public_id: string;
  /** Unique. */
  name: string;
  /** JSON of those settings that were changed. */
  settings: string;
  /** Archive position of the next event: one sequence per account, moved in the transaction that commits the event. */
  next_position: number;
  /** Moved by whatever changes how events are taken in (mappings, identity rules, erasures): running imports begin anew. */
  import_epoch: number;
  created_at: number;
}

/** A saved authorisation. */
export interface AuthsTable {
  account_id: number;
  /** 32 hex digits. */
  id: string;
  provider_id: string;
  method: string;
  label: string;
  description: string;
  /** JSON of the fields that are no secrets. */
  config: string;
  /** Sealed JSON of the secret fields (vault), or null when there are none. */
  secrets: Uint8Array | null;
  /** JSON list of the names of the secret fields that are set. */
  secret_names: string;
  /** What the other side proved to be when it was pinned. */
  peer: string | null;
  /** The token that made it, and its name at that time; null for one made at the command line. */
  user_id: string | null;
  user_name: string | null;
  /** 1 where an operator configured it last, who may have it reach loopback and private addresses. */
  operator: number;
  created_at: number;
  updated_at: number;
}

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

/** A running Waybill process: who may hold leases. */
export interface ProcessesTable {
  /** 32 hex digits, new at every start. */
  id: string;
  /** What it is: `serve` and `worker` take any run, `cli` its own. */
  kind: "serve" | "worker" | "cli";
  /** Host name, for people. */
  machine: string;
  /** For people: whether it lives is told by its lock file. */
  pid: number;
  /** Where its HTTP server listens, if it has one. */
  address: string | null;
  /** JSON of where its SFTP server listens, if it has one. */
  sftp_address: string | null;
  started_at: number;
  seen_at: number;
}

/** A named, append-only series of events. */
export interface StreamsTable {
  account_id: number;
  id: number;
  name: string;
  events: number;
  created_at: number;
}

/** What is known of one field of a stream. */
export interface StreamFieldsTable {
  account_id: number;
  stream_id: number;
  name: string;
  /** Events in which it has a non-empty value. */
  filled: number;
  /** JSON list of up to five example values. */
  examples: string;
}

/** Which stream fields become which profile fields, and by which identities. */
export interface MappingsTable {
  account_id: number;
  /** 32 hex digits. */
  id: string;
  stream_id: number;
  table_id: number;
  /** JSON. */
  definition: string;
  created_at: number;
  updated_at: number;
}

/** One archive file: gzip members of JSON lines. Bytes past `length` do not exist. */
export interface SegmentsTable {
  account_id: number;
  id: number;
  /** `stream` holds events, `rejects` a run's rejected rows, `logs` the raw logs of an app. */
  kind: "stream" | "rejects" | "logs";
  /** Stream id, run id, or app id. */
  owner: string;
  /** Start of the hour the events came in; of raw logs, the hour that they belong to. */
  hour: number;
  /** Run and fence, or the collector, that append to it: no two processes ever write one file. */
  writer: string;
  /** Relative to the archive's folder. */
  path: string;
  /** Durable length in bytes. */
  length: number;
  events: number;
}

/** An API token. */
export interface TokensTable {
  /** 32 hex digits. */
  id: string;
  account_id: number;
  name: string;
  /** SHA-256 of the token, hex: what it is found by. */
  hash: string;
  /** JSON list. */
  scopes: string;
  description: string;
  /** From when on it opens nothing; null = never. */
  expires_at: number | null;
  /** The token that made it, and its name at that time; null for one made at the command line or by the server. */
  user_id: string | null;
  user_name: string | null;
  created_at: number;
}

/** One change that somebody made, in the chain of its account. Never changed, never deleted. */
export interface AuditEntriesTable {
  account_id: number;
  /** From 1, without gaps. */
  sequence: number;
  at: number;
  actor_kind: "token" | "apikey" | "user" | "system" | "link";
  actor_id: string | null;
  actor_name: string;
  action: string;
  /** What was changed: `auth`, `token`, … */
  kind: string;
  object_id: string;
  label: string;
  /** JSON object: more about the change, without secrets or personal data. */
  detail: string;
  /** SHA-256, hex, over the hash before and all of the above. */
  hash: string;
}

/** Where an account's audit log ends: its row is locked by whoever appends. */
export interface AuditHeadsTable {
  account_id: number;
  entries: number;
  /** Of the last entry; empty where there is none. */
  hash: string;
}

/** Facts about the whole database: the vault's canary, the hash key's envelope, the data directory it belongs to. */
export interface SettingsTable {
  name: string;
  value: Uint8Array;
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

/** Every table. */
export interface Tables {
  accounts: AccountsTable;
  profile_tables: ProfileTablesTable;
  generations: GenerationsTable;
  auths: AuthsTable;
  jobs: JobsTable;
  runs: RunsTable;
  schedules: SchedulesTable;
  notices: NoticesTable;
  uploads: UploadsTable;
  artifacts: ArtifactsTable;
  imported_files: ImportedFilesTable;
  snapshots: SnapshotsTable;
  processes: ProcessesTable;
  streams: StreamsTable;
  stream_fields: StreamFieldsTable;
  mappings: MappingsTable;
  segments: SegmentsTable;
  profiles: ProfilesTable;
  profile_stamps: ProfileStampsTable;
  profile_merges: ProfileMergesTable;
  crowded_profiles: CrowdedProfilesTable;
  identity_runs: IdentityRunsTable;
  identity_blocks: IdentityBlocksTable;
  tokens: TokensTable;
  apps: AppsTable;
  audience_lists: AudienceListsTable;
  api_keys: ApiKeysTable;
  enabled_exports: EnabledExportsTable;
  log_batches: LogBatchesTable;
  rate_windows: RateWindowsTable;
  audit_entries: AuditEntriesTable;
  audit_heads: AuditHeadsTable;
  audience_heads: AudienceHeadsTable;
  audiences: AudiencesTable;
  audience_members: AudienceMembersTable;
  settings: SettingsTable;
  erasures: ErasuresTable;
  erased_identities: ErasedIdentitiesTable;
  managed_users: ManagedUsersTable;
  managed_trees: ManagedTreesTable;
  managed_nodes: ManagedNodesTable;
  managed_sessions: ManagedSessionsTable;
  managed_log: ManagedLogTable;
}
