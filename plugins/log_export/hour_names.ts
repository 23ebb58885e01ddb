/**
 * Hours as people and files name them: `2017-04-01T14`, in UTC.
 *
 * @module
 */

/** An hour, in milliseconds. */
export const HOUR = 3_600_000;

/** What stands for the hour in a path. */
export const PLACE = "{hour}";

/** The name of the hour that begins at a time. */
export function hourName(hour: number): string {
  return new Date(hour).toISOString().slice(0, 13);
}

/** The hour of a name; undefined where there is none such. */
export function hourNamed(name: string): number | undefined {
  const hour = /^\d{4}-\d\d-\d\dT\d\d$/.test(name) ? Date.parse(`${name}:00:00Z`) : NaN;
  // 30 February would be another day.
  return Number.isNaN(hour) || hourName(hour) !== name ? undefined : hour;
}

/** The path of an hour's file. */
export function pathOf(output: string, hour: number): string {
  return output.replaceAll(PLACE, hourName(hour));
}

/** The hour whose file a path names; undefined where it is none of `output`'s. */
export function hourIn(output: string, path: string): number | undefined {
  const at = output.indexOf(PLACE);
  if (at < 0) return undefined;
  const hour = hourNamed(path.slice(at, at + "2017-04-01T14".length));
  return hour !== undefined && pathOf(output, hour) === path ? hour : undefined;
}
