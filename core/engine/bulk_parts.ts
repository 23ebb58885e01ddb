/**
 * The parts of the engine that the bulk APIs stand on: apps and API keys.
 *
 * @module
 */
import type { ApiKeyView, AppView } from "./bulk_views.ts";

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
