/**
 * Times as the outside sees them.
 *
 * @module
 */

/** ISO 8601 in UTC with milliseconds, of whole milliseconds since the Unix epoch. */
export function isoTime(milliseconds: number): string {
  return Temporal.Instant.fromEpochMilliseconds(milliseconds).toString({ smallestUnit: "millisecond" });
}
