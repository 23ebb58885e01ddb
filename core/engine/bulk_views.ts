/**
 * What the outside sees of apps and API keys. Keys in snake_case, times ISO 8601 in UTC.
 *
 * @module
 */

/** An app: a sub-scope of an account, with a profile table of its own. */
export interface AppView {
  /** 23 hex digits, a dash and a UUID. */
  readonly app_id: string;
  readonly name: string;
  /** Integer id of its account, as the bulk APIs name it. */
  readonly org_id: number;
  /** Name of its profile table. */
  readonly table: string;
  /** Id of its profile table. */
  readonly profiledb_id: number;
  readonly created_at: string;
}

/** An API key. Its secret is never shown again. */
export interface ApiKeyView {
  /** 23 hex digits, a dash and a UUID. */
  readonly api_key: string;
  readonly name: string;
  /** Integer id of its account, as the bulk APIs name it. */
  readonly org_id: number;
  /** Id of the token that made it; null for one made at the command line. */
  readonly user_id: string | null;
  /** Name that the token had then. */
  readonly user_name: string | null;
  readonly created: string;
}

/** A list of an app, as the bulk APIs have it. */
export interface AudienceListView {
  /** The `audience_list_id`, which is not the id of its audience. */
  readonly id: number;
  readonly name: string;
  readonly app_id: string;
  /** Moved by each import; 0 before the first is done. */
  readonly version: number;
  /** Different ids in it. */
  readonly record_count: number;
  readonly created_at: string;
  readonly updated_at: string;
}

/** How the import of a list stands. */
export interface ListImportView {
  readonly app_id: string;
  /** Why it failed; null where it did not. */
  readonly error_reason: string | null;
  /** What it did; null until it is done. All of it is text, as in the samples. */
  readonly upload_statistics: {
    readonly total_lines: string;
    readonly audience_id: string;
    readonly audience_list_id: string;
    readonly failed_lines: string;
    readonly successful_lines: string;
  } | null;
  readonly created_at: string;
  readonly updated_at: string;
}
