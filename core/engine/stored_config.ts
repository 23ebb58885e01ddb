/**
 * Configurations as they were saved: an upgrade of a plugin may have taken keys away since then.
 *
 * @module
 */
import type { ConfigSchema } from "../contracts/config.ts";
import type { JsonValue } from "../contracts/records.ts";

/** A saved configuration as its plugin knows it today. */
export interface StoredConfig {
  /** The keys that there still are. */
  readonly config: { readonly [key: string]: JsonValue };
  /** The others, which nobody reads any more. */
  readonly gone: readonly string[];
}

/** Leaves out of a saved configuration what its plugin no longer has; what comes in from outside is read strictly. */
export function knownKeys(schema: ConfigSchema, stored: { readonly [key: string]: JsonValue }): StoredConfig {
  const known = Object.entries(stored).filter(([key]) => Object.hasOwn(schema.shape, key));
  const config = Object.fromEntries(known);
  return { config, gone: Object.keys(stored).filter((key) => !Object.hasOwn(config, key)) };
}

/** What the user should know of keys that are gone, a sentence each; `what` has them no more: `job type "csv-import"`. */
export function goneNotes(gone: readonly string[], what: string): string[] {
  return gone.map((key) => `The saved "${key}" is ignored: ${what} no longer has it`);
}
