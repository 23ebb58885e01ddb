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
  ChangeFeedsTable,
  CrowdedProfilesTable,
  ErasedIdentitiesTable,
  ErasuresTable,
  GenerationsTable,
  IdentityBlocksTable,
  IdentityRunsTable,
  ProfileChangesTable,
  ProfileMergesTable,
  ProfilesTable,
  ProfileStampsTable,
  ProfileTablesTable,
} from "./tables/people.ts";
import type { ImportedFilesTable, JobsTable, RunsTable, SnapshotsTable, UploadsTable } from "./tables/jobs.ts";
import type {
  ManagedContentsTable,
  ManagedLogTable,
  ManagedNodesTable,
  ManagedSessionsTable,
  ManagedTreesTable,
  ManagedUsersTable,
} from "./tables/managed.ts";
import type { NoticesTable, SchedulesTable } from "./tables/schedules.ts";
import type { MappingsTable, SegmentsTable, StreamFieldsTable, StreamsTable } from "./tables/streams.ts";

export type * from "./tables/artifacts.ts";
export type * from "./tables/bulk.ts";
export type * from "./tables/jobs.ts";
export type * from "./tables/managed.ts";
export type * from "./tables/people.ts";
export type * from "./tables/schedules.ts";
export type * from "./tables/streams.ts";

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
  change_feeds: ChangeFeedsTable;
  profile_changes: ProfileChangesTable;
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
  managed_contents: ManagedContentsTable;
  managed_sessions: ManagedSessionsTable;
  managed_log: ManagedLogTable;
}
