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
