/**
 * The forms of timestamps that names of files hold, and what each means.
 *
 * @module
 */

/** A form, as people write it: `YYYYMMDDHHmm`, `YYYY-MM-DD`, `Unix seconds`. */
export type TimestampForm = string;

/** A piece of a name that has the form of a timestamp. */
export interface Reading {
  /** Where it starts in the name. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
  /** The piece itself. */
  readonly text: string;
  /** Which form it has. */
  readonly form: TimestampForm;
  /**
   * What it means, in milliseconds since the Unix epoch: a timestamp says nothing of a zone, so it is taken as UTC, and
   * one without a time as midnight. Undefined for a time that there is none of: 30 February.
   */
  readonly time: number | undefined;
  /** How else it could be read. */
  readonly otherwise?: string;
}

/** Years that names of files are about; digits outside of them mean something else. */
const FIRST_YEAR = 1970;
const LAST_YEAR = 2199;

/** Where the parts of each form stand: a letter for each digit, the rest as it is. `~` is one of `_` and `-`. */
const DATES = ["YYYYMMDD", "YYYY-MM-DD", "YYYY_MM_DD"];
const TIMES = ["THHmmssZ", "THHmmZ", "~HH-mm-ss", "~HH-mm", "HH-mm-ss", "HH-mm", "HHmmss", "HHmm", ""];

interface Form {
  readonly form: TimestampForm;
  /** Whether its time is set off, and may be no time at all: then the date before it counts. */
  readonly optional: boolean;
  readonly expression: RegExp;
}

/** Longest first, of each date. */
const FORMS: readonly Form[] = [
  formOf("YYYY-MM-DD", "THH-mm-ssZ"),
  ...DATES.flatMap((date) => TIMES.map((time) => formOf(date, time))),
];
const MONTH_FIRST = formOf("MMDDYYYY", "");

/** Ten digits: seconds from September 2001 on. Nine could be any number. */
const UNIX = /\d{10}(?!\d)/y;
/** Ten digits that could be a date and an hour. */
const DATE_AND_HOUR = /^(?:19|20|21)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])$/;

/**
 * What stands at `start` of a name, as the longest of the forms that it has; undefined where it has none. `monthFirst`
 * lets `MMDDYYYY` be one of them.
 */
export function readingAt(name: string, start: number, monthFirst: boolean): Reading | undefined {
  let impossible: Reading | undefined;
  for (const form of FORMS) {
    const reading = readAs(form, name, start);
    if (reading === undefined) continue;
    if (reading.time !== undefined) return reading;
    impossible ??= reading;
    if (!form.optional) break;
  }
  if (monthFirst) {
    const reading = readAs(MONTH_FIRST, name, start);
    if (reading?.time !== undefined) return { ...reading, ...dayFirst(reading.text) };
    impossible ??= reading;
  }
  return impossible ?? readUnix(name, start);
}

/** Whether the digits at `start` make sense only as `MMDDYYYY`, which nobody chose. */
export function wouldReadMonthFirst(name: string, start: number): boolean {
  return readAs(MONTH_FIRST, name, start)?.time !== undefined;
}

function formOf(date: string, time: string): Form {
  const source = `${date}${time}`.replace(/YYYY|MM|DD|HH|mm|ss|~/g, (part) => {
    const groups: Readonly<Record<string, string>> = {
      YYYY: "(?<year>\\d{4})",
      MM: "(?<month>\\d\\d)",
      DD: "(?<day>\\d\\d)",
      HH: "(?<hour>\\d\\d)",
      mm: "(?<minute>\\d\\d)",
      ss: "(?<second>\\d\\d)",
    };
    return groups[part] ?? "[_-]";
  });
  return {
    form: `${date}${time.replace("~", "_")}`,
    optional: time.startsWith("~"),
    expression: new RegExp(`${source}(?!\\d)`, "y"),
  };
}

function readAs({ form, expression }: Form, name: string, start: number): Reading | undefined {
  expression.lastIndex = start;
  const match = expression.exec(name);
  if (match === null) return undefined;
  const part = (key: string) => Number(match.groups?.[key] ?? 0);
  const [text] = match;
  const time = timeOf([part("year"), part("month"), part("day"), part("hour"), part("minute"), part("second")]);
  return { start, end: start + text.length, text, form, time };
}

function timeOf([year, month, day, hour, minute, second]: [number, number, number, number, number, number]) {
  if (year < FIRST_YEAR || year > LAST_YEAR || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : undefined;
}

function readUnix(name: string, start: number): Reading | undefined {
  UNIX.lastIndex = start;
  const text = UNIX.exec(name)?.[0];
  if (text === undefined || text.startsWith("0")) return undefined;
  return {
    start,
    end: start + text.length,
    text,
    form: "Unix seconds",
    time: Number(text) * 1_000,
    ...(DATE_AND_HOUR.test(text) ? { otherwise: "a date and an hour" } : {}),
  };
}

function dayFirst(text: string): { readonly otherwise?: string } {
  const [month, day] = [Number(text.slice(0, 2)), Number(text.slice(2, 4))];
  return day > 12 || day === month ? {} : { otherwise: "day first" };
}
