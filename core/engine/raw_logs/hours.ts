/**
 * The hours that raw logs are kept by: UTC, each named by the millisecond at which it begins.
 *
 * @module
 */

/** An hour, in milliseconds. */
export const HOUR = 3_600_000;

/** How long after its end an hour takes events, in milliseconds: 10 minutes. */
const GRACE = 600_000;

/** How long after its end an hour is kept, in milliseconds: 30 days. */
const KEEP = 30 * 24 * HOUR;

/** The hour that a time lies in. */
export function hourOf(time: number): number {
  return Math.floor(time / HOUR) * HOUR;
}

/** From when on an hour is complete: nothing is added to it. */
export function completeAt(hour: number): number {
  return hour + HOUR + GRACE;
}

/** From when on an hour is removed. */
export function removedAt(hour: number): number {
  return hour + HOUR + KEEP;
}

/** An hour as paths write it: four digits of the year, the others zero-padded or not. */
export interface HourParts {
  readonly year: string;
  readonly month: string;
  readonly day: string;
  readonly hour: string;
}

/** The hour that a path names; undefined where there is none such. */
export function hourNamed({ year, month, day, hour }: HourParts): number | undefined {
  if (!/^\d{4}$/.test(year) || ![month, day, hour].every((part) => /^\d{1,2}$/.test(part))) return undefined;
  const [y, m, d, h] = [year, month, day, hour].map(Number) as [number, number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(y, m - 1, d);
  const exists = date.getUTCFullYear() === y && date.getUTCMonth() === m - 1 && date.getUTCDate() === d && h < 24;
  return exists ? date.getTime() + h * HOUR : undefined;
}

/** The two digits of an hour within its day. */
export function digitsOf(hour: number): string {
  return new Date(hour).toISOString().slice(11, 13);
}

/** The day that an hour lies in: `2017-04-01`. */
export function dayOf(hour: number): string {
  return new Date(hour).toISOString().slice(0, 10);
}
