/**
 * Civil times of a zone as instants. Instants are milliseconds since the Unix epoch.
 *
 * @module
 */

/** Whether there is such a time zone: a name of the IANA database, not an offset. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

/** The date that it is in a zone. */
export function dateAt(instant: number, zone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone).toPlainDate();
}

/** Whether a date was ever lived in a zone: Samoa went from the 29th of December 2011 to the 31st. */
export function isLived(date: Temporal.PlainDate, zone: string): boolean {
  return date.toZonedDateTime(zone).toPlainDate().equals(date);
}

/**
 * When a time of day is on a date. A time that a clock change skips is as much later as the change is wide; where that
 * would be on another day (a change that ends at midnight), as much earlier. A time that comes twice is its first.
 *
 * On a date that was never lived, it is the time of day on the date that took its place.
 */
export function instantOf(date: Temporal.PlainDate, time: Temporal.PlainTime, zone: string): number {
  const civil = date.toPlainDateTime(time);
  const later = civil.toZonedDateTime(zone);
  if (later.toPlainDate().equals(date) || !isLived(date, zone)) return later.epochMilliseconds;
  return civil.toZonedDateTime(zone, { disambiguation: "earlier" }).epochMilliseconds;
}

/** When a date begins and ends in a zone. */
export function spanOf(date: Temporal.PlainDate, zone: string): { readonly from: number; readonly until: number } {
  return {
    from: date.toZonedDateTime(zone).epochMilliseconds,
    until: date.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds,
  };
}
