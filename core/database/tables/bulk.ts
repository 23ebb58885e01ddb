/**
 * The tables of the bulk APIs: apps, API keys and how often each was used of late, enabled exports, batches of raw logs.
 *
 * The rules of `../tables.ts` hold here too.
 *
 * @module
 */
import type { RunsTable } from "./jobs.ts";

/** A sub-scope of an account, with a profile table of its own. */
export interface AppsTable {
  account_id: number;
  /** 23 hex digits, a dash and a UUID. */
  id: string;
  /** Unique in the account. */
  name: string;
  /** Its profile table (`profile_tables.id`). */
  table_id: number;
  /** Moved by erasures: collectors of raw logs begin new files, and look again at who is refused. */
  log_epoch: number;
  created_at: number;
}

/** An export that the bulk APIs may fetch. */
export interface EnabledExportsTable {
  account_id: number;
  id: number;
  /** A job type. */
  type: "audience-export" | "profile-export" | "log-export";
  /** Audience, profile table or app: its id. */
  source_id: string;
  /** Identifier type, `profile` or `profile_changes`; empty for logs. */
  variant: string;
  /** Stands for the job of its runs, so that they go one after another; empty for logs. */
  lane: string;
  /** 1 where whoever enabled it may see personal fields. */
  personal: RunsTable["personal"];
  /** The token that enabled it, and its name at that time; null for one enabled at the command line. */
  user_id: string | null;
  user_name: string | null;
  created_at: number;
  /** When somebody last asked for its results. */
  requested_at: number | null;
  /** From when on it is gone, unless somebody asks for it; null for logs. */
  lapses_at: number | null;
  /** When its results are to be made anew; null for logs. */
  refresh_at: number | null;
  /** Its results: artifact, when they were there, and their rows; null until then. */
  artifact_id: string | null;
  results_at: number | null;
  results_rows: number;
  /** 1 where these results were given to somebody. */
  results_requested: number;
  /** Of changes: how far in its feed the results reach that are being made. */
  reach_epoch: number | null;
  reach_position: number | null;
}

/** A batch of raw logs that came with an idempotency key. */
export interface LogBatchesTable {
  account_id: number;
  /** SHA-256, hex, of who sent it, the app and the key. */
  key_hash: string;
  /** SHA-256, hex, of its lines. */
  digest: string;
  /** What its sender was answered. */
  accepted: number;
  late: number;
  refused: number;
  created_at: number;
}

/** A key to the bulk APIs, found before its account is known. */
export interface ApiKeysTable {
  /** Formed as an app's id; no secret. */
  api_key: string;
  account_id: number;
  name: string;
  /** SHA-256 of the secret, hex. */
  secret_hash: string;
  /** The token that made it, and its name at that time; null for one made at the command line. */
  user_id: string | null;
  user_name: string | null;
  created_at: number;
}

/** A list that the bulk APIs import: the members of an audience of an app. */
export interface AudienceListsTable {
  account_id: number;
  /** The `audience_list_id`; of the sequence that audiences' ids are of, so that no two are alike. */
  id: number;
  app_id: string;
  /** What its audience is to be called; that of the audience counts once there is one. */
  name: string;
  /** Null until its first import is done. */
  audience_id: number | null;
  /** The import that is to make it. */
  run_id: string;
  created_at: number;
}

/** The requests of one API key that still count for one limit. */
export interface RateWindowsTable {
  account_id: number;
  api_key: string;
  /** Name of the limit. */
  bucket: string;
  /** JSON list of when each was let in, ascending. */
  stamps: string;
}
