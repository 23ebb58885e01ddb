/**
 * Times as the outside sees them.
 *
 * @module
 */

/** ISO 8601 in UTC with milliseconds, of whole milliseconds since the Unix epoch. */
export function isoTime(milliseconds: number): string {
  // Each line of the log has one: `Temporal` says the same in ten times the time.
  return new Date(milliseconds).toISOString();
}
