/**
 * Times as the outside sees them.
 *
 * @module
 */

/** What was said last: a busy server writes many lines of its log in one millisecond. */
let said = { milliseconds: NaN, text: "" };

/** ISO 8601 in UTC with milliseconds, of whole milliseconds since the Unix epoch. */
export function isoTime(milliseconds: number): string {
  // Each line of the log has one: `Temporal` says the same in ten times the time.
  if (milliseconds !== said.milliseconds) said = { milliseconds, text: new Date(milliseconds).toISOString() };
  return said.text;
}
