/**
 * The scopes of API tokens, and what each allows.
 *
 * A route declares the one capability that it needs; a token may call it if one of its scopes has that capability. What
 * is not in the table below is not allowed.
 *
 * @module
 */

/** What a token may be allowed (SPEC §4). */
export const SCOPES = [
  "admin",
  "data",
  "data_write",
  "content_manager",
  "segment_manager",
  "marketer",
  "observer",
  "data_manager",
  "campaign_manager",
  "general_manager",
] as const;

/** The name of a scope. */
export type Scope = typeof SCOPES[number];

/** Whether `name` is that of a scope. */
export function isScope(name: string): name is Scope {
  return SCOPES.some((scope) => scope === name);
}
