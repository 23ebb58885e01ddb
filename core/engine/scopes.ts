/**
 * The scopes of API tokens.
 *
 * @module
 */

/** What a token may be allowed (SPEC §4). */
export const SCOPES: readonly string[] = [
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
];
