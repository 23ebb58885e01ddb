/**
 * Changes of profiles: operations on attributes, where an import hands over more than what events say.
 *
 * @module
 */
import type { ImportTarget } from "./job.ts";

/**
 * Whose profiles are changed: those of an app, or, without one, those of the account.
 *
 * The rows that a job with this target emits have two fields: `customer_id`, a text, by which the profile is found or
 * made, and `changes`, a list of operations that are done in their order:
 *
 * - `{ op: "assign", attr, value }`: the attribute holds any JSON value from now on; null deletes it.
 * - `{ op: "delete", attr }`: it holds nothing.
 * - `{ op: "increment", attr, value }`: adds a number, or the decimal text of one; to nothing as to 0.
 * - `{ op: "set-add", attr, value }`, `{ op: "set-remove", attr, value }`: members, as a list or one alone, that a list
 *   is to have or not to have: texts, numbers, true and false. A set without members is nothing.
 *
 * A row that is none, or that a profile's present values do not suit, is rejected whole by the engine, with the place
 * that `places` of its batch tells; nothing of it is archived. Every other is an event, and archived as it is.
 */
export interface ChangeScope {
  /** Id or name of the app; absent: the account's own table. */
  readonly app?: string;
}

/** Streams of changes begin with it; no other may. */
export const CHANGE_STREAMS = "_profile-changes";

/** Where the rows of a job go that changes profiles: into a stream that is kept for the purpose. */
export function changesTarget(scope: ChangeScope = {}): ImportTarget {
  const { app } = scope;
  return {
    stream: app === undefined ? CHANGE_STREAMS : `${CHANGE_STREAMS}.${app}`,
    identifyBy: ["customer_id"],
    changes: scope,
  };
}
