/**
 * What the outside sees of auths, jobs and runs, and of the data: the JSON of CLI and HTTP alike. Keys in snake_case,
 * times ISO 8601 in UTC.
 *
 * @module
 */
import type { FailureJson } from "../contracts/failure.ts";
import type { Progress } from "../contracts/job.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { RunStatus } from "../database/tables.ts";
import type { AccountSettings } from "./account_settings.ts";
import type { Actor } from "./actor.ts";

export type * from "./bulk_views.ts";
export type * from "./data_views.ts";

/** A saved authorisation. Secrets are named, never shown. */
export interface AuthView {
  readonly id: string;
  /** Id of its account. */
  readonly account_id: string;
  readonly provider_id: string;
  /** The provider's title; its id where no plugin brings it any more. */
  readonly provider_name: string;
  readonly method: string;
  readonly label: string;
  readonly description: string;
  /** What is no secret. The HTTP API leaves it out: there, config is write-only (SPEC §4). */
  readonly config: { readonly [key: string]: JsonValue };
  /** Names of the secret fields that are set. */
  readonly secrets: readonly string[];
  /** Pinned identity of the other side (host key fingerprint). */
  readonly peer: string | null;
  /** Id of the token that made it; null for one made at the command line. */
  readonly user_id: string | null;
  /** Name that the token had then. */
  readonly user_name: string | null;
  readonly created: string;
  readonly updated: string;
}

/** An API token; the token itself is never shown again. */
export interface TokenView {
  readonly id: string;
  /** Id of its account. */
  readonly account_id: string;
  readonly name: string;
  readonly description: string;
  readonly scopes: readonly string[];
  /** From when on it opens nothing; null = never. */
  readonly expires: string | null;
  /** Id of the token that made it; null for one made at the command line or by the server's first start. */
  readonly user_id: string | null;
  /** Name that the token had then. */
  readonly user_name: string | null;
  readonly created: string;
}

/** A tenant. */
export interface AccountView {
  /** 32 hex digits. */
  readonly id: string;
  /** The `org_id` of the bulk APIs. */
  readonly org_id: number;
  readonly name: string;
  readonly settings: AccountSettings;
  readonly created: string;
}

/** One change that somebody made. */
export interface AuditView {
  /** Its place in the account's log, from 1. */
  readonly sequence: number;
  readonly at: string;
  readonly actor: { readonly kind: Actor["kind"]; readonly id: string | null; readonly name: string };
  readonly action: string;
  /** What was changed: `auth`, `token`, `job`, … */
  readonly kind: string;
  readonly id: string;
  readonly label: string;
  readonly detail: { readonly [key: string]: JsonValue };
  /** SHA-256 over the hash before it and all of the above. */
  readonly hash: string;
}

/** A configured job. */
export interface JobView {
  readonly id: string;
  readonly type: string;
  readonly label: string;
  readonly description: string;
  readonly auth_id: string | null;
  readonly config: { readonly [key: string]: JsonValue };
  readonly status: "active" | "paused";
  /** Why Waybill paused it; null where somebody did, and while it is active. */
  readonly paused_reason: string | null;
  /** Scheduled runs of it that failed in a row. */
  readonly failures: number;
  /** When it runs by itself: the next five times. */
  readonly next_runs: readonly string[];
  readonly last_run_id: string | null;
  /** Whether its exports may hold fields that the account calls personal: whoever configured it last may see them. */
  readonly personal: boolean;
  /** 1, and one more with every change of it. */
  readonly revision: number;
  readonly created_at: string;
  readonly updated_at: string;
}

/** One execution. */
export interface RunView {
  readonly id: string;
  readonly status: RunStatus;
  /** Id of the job type. */
  readonly type: string;
  readonly job_id: string | null;
  readonly auth_id: string | null;
  readonly config: { readonly [key: string]: JsonValue };
  readonly read: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Those of the rejected rows whose text was erased, or never kept: `runs.rejects` gives the others. */
  readonly rejected_erased: number;
  /** Those of them that were well-formed changes, and did not suit what their profiles held. */
  readonly misfits: number;
  readonly unchanged: number;
  readonly refused: number;
  /** Rows that diffs found added, in files that the run has wholly passed; 0 without a diff. */
  readonly added: number;
  /** Rows that they found changed. */
  readonly changed: number;
  /** Rows of the files before that they found gone. */
  readonly removed: number;
  /** Bytes of the source up to the last row counted; of an export, the bytes that it delivered. */
  readonly bytes: number;
  /** Members that an export delivered. */
  readonly rows: number;
  /** Where an export delivered them. */
  readonly path: string | null;
  readonly profiles_created: number;
  readonly profiles_updated: number;
  readonly duration_ms: number;
  readonly attempts: number;
  readonly progress: Progress | null;
  readonly notes: readonly string[];
  readonly failure: FailureJson | null;
  /** What to do next: a command, or null when there is nothing to do. */
  readonly next_step: string | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  /** When a waiting run may start again. */
  readonly not_before: string | null;
  /** The time of its job's schedule that it is for; null where somebody started it. */
  readonly due_at: string | null;
}

/** A row that could not be read. */
export interface RejectView {
  readonly line: number;
  readonly offset: number;
  readonly reason: string;
  /** The raw text; bytes that are no UTF-8 stand as U+FFFD. */
  readonly raw: string;
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Given back as `cursor`, continues after the last item; null on the last page. */
  readonly next: string | null;
}
