/**
 * The ids of auths, jobs, runs, processes and tokens: 32 hex digits.
 *
 * @module
 */

/** A new id, which nobody can guess. */
export function newId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/** Whether `text` is written as `newId` writes ids. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

/** Whether `text` has the form of an id. Labels must not, so that one look-up takes either. */
export function looksLikeId(text: string): boolean {
  return /^[0-9a-f]{32}$/i.test(text);
}
