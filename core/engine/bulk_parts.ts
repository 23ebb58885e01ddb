/**
 * The parts of the engine that the bulk APIs stand on: apps, API keys, audience lists.
 *
 * @module
 */
import type { ApiKeyView, AppView, AudienceListView, ListImportView } from "./bulk_views.ts";
import type { RunView } from "./views.ts";

/** Apps. `app` is an id or a name. */
export interface Apps {
  /** Makes one, with a profile table of its own. `conflict` for a name that is taken. */
  create(input: { readonly name: string }): Promise<AppView>;
  /** In the order in which they were made. */
  list(): Promise<AppView[]>;
  get(app: string): Promise<AppView>;
  /** Gives it another name; id and table stay. */
  update(app: string, change: { readonly name?: string }): Promise<AppView>;
  /** Gives the one that is gone: its id opens nothing any more; its profile table stays, with what is in it. */
  delete(app: string): Promise<AppView>;
}

/** The keys that the bulk APIs are called with. */
export interface ApiKeys {
  /** Makes one; the secret is never shown again. Named `apikey`, numbered where that is taken, unless told. */
  create(input?: { readonly name?: string }): Promise<ApiKeyView & { readonly api_secret: string }>;
  /** In the order in which they were made. */
  list(): Promise<ApiKeyView[]>;
  get(key: string): Promise<ApiKeyView>;
  /** Gives the one that is gone: it opens nothing from then on. */
  delete(key: string): Promise<ApiKeyView>;
}

/** A file of ids, one a line, beside parameters that may come behind it. */
export interface ListFile<Fields> {
  readonly content: AsyncIterable<Uint8Array>;
  /** Called when the file is stored; the app is one of the account. */
  fields(): Promise<Fields>;
}

/** Audience lists: what the bulk APIs import. Failure `not_found` for an id that is not there. */
export interface AudienceLists {
  /** Refuses (`too_many`) one list more than the account may have. */
  requireRoom(): Promise<void>;
  require(id: number): Promise<AudienceListView>;
  /** Stores the file and queues the run that makes the list; `too_many` for one list too many. */
  create(
    file: ListFile<{ readonly app_id: string; readonly audience_name: string; readonly identifier_type: string }>,
  ): Promise<RunView>;
  /** Stores the file and queues the run that replaces the members: readers see the old ones, or the new ones. */
  replace(id: number, file: ListFile<{ readonly app_id: string; readonly identifier_type: string }>): Promise<RunView>;
  rename(id: number, name: string): Promise<AudienceListView>;
  /** Gives the one that is gone, its audience with it. Refused (`conflict`) while other audiences include it. */
  delete(id: number): Promise<AudienceListView>;
  /** Those of an app, by its id, whose first import is done. */
  list(app: string): Promise<AudienceListView[]>;
  /** How the run of a list's import stands. */
  status(run: RunView): Promise<ListImportView>;
}
