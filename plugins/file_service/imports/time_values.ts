/**
 * Tells whether a column holds timestamps, and how they can be read.
 *
 * @module
 */
import {
  ambiguousDates,
  type ClockChange,
  type SlashDates,
  TIMESTAMP_FORMATS,
  type TimestampFormat,
  timestampParser,
} from "@waybill/waybill/codecs";

/** How a column's values read as timestamps. */
export interface TimeColumn {
  /** Values that parse. */
  readonly parsed: number;
  /** Values looked at; empty cells do not count. */
  readonly total: number;
  /** The first that parses, and what it means in ISO 8601, UTC. */
  readonly example?: { readonly text: string; readonly time: string };
  /** The first that does not. */
  readonly unread?: string;
  /** Whether its dates have slashes, and which way these can be read. */
  readonly slashes: SlashDates;
  /** The times that the zone's clock skips or repeats. */
  readonly changes: { readonly [Change in ClockChange]: ChangedTimes };
}

/** Times that are no single instant in their zone. */
export interface ChangedTimes {
  /** How many there are. */
  readonly count: number;
  /** The first, and what it is read as in ISO 8601 with the zone's offset. */
  readonly example?: { readonly text: string; readonly time: string };
}

/** Reads a column's values as one format. */
export function examineTimes(values: readonly string[], format: TimestampFormat, zone: string): TimeColumn {
  const parser = timestampParser({ format, zone });
  let parsed = 0;
  let example: TimeColumn["example"];
  let unread: string | undefined;
  const changes: Record<ClockChange, ChangedTimes> = { skipped: { count: 0 }, repeated: { count: 0 } };
  for (const text of values) {
    const time = parser.parse(text);
    if (time === undefined) {
      unread ??= text;
      continue;
    }
    parsed++;
    example ??= { text, time: isoTime(time) };
    const change = parser.clockChange(text);
    if (change === undefined) continue;
    const { count, example: first = { text, time: isoTime(time, zone) } } = changes[change];
    changes[change] = { count: count + 1, example: first };
  }
  return {
    parsed,
    total: values.length,
    slashes: ambiguousDates(values),
    changes,
    ...(example === undefined ? {} : { example }),
    ...(unread === undefined ? {} : { unread }),
  };
}

/** A time in ISO 8601: in UTC, or as the clock of a zone shows it, with its offset. */
export function isoTime(milliseconds: number, zone?: string): string {
  const instant = Temporal.Instant.fromEpochMilliseconds(milliseconds);
  return zone === undefined ? instant.toString() : instant.toString({ timeZone: zone });
}

/** Whether a column mostly parses: more than half of its values, and there are some. */
export function mostlyParses({ parsed, total }: TimeColumn): boolean {
  return parsed * 2 > total;
}

/** What a user should know about a chosen timestamp column before running the job: one sentence each. */
export function timeNotes(column: string, times: TimeColumn, format: TimestampFormat, zone: string): string[] {
  const { parsed, total, slashes, unread, example } = times;
  if (total === 0) return [`Timestamp column "${column}" is empty in the first rows`];
  const notes: string[] = [];
  if (parsed < total) {
    notes.push(
      `${total - parsed} of the first ${total} values of "${column}" do not parse as ${format}, such as "${unread}"`,
    );
  }
  if (format === "auto" && unread !== undefined && /^-?\d{1,8}$/.test(unread.trim())) {
    notes.push(
      `"${unread}" may be a Unix time: \`auto\` reads those of 9 digits and more; ` +
        "for the others set `timestamp_format: unix` or `timestamp_format: unix-ms`",
    );
  }
  notes.push(...changeNotes(column, times, zone));
  const other = format === "mdy" ? "dmy" : "mdy";
  if (format !== "mdy" && format !== "dmy") {
    if (slashes === "mdy" || slashes === "dmy") {
      notes.push(
        `"${column}" holds dates with slashes, which read only as ${slashes}: set \`timestamp_format: ${slashes}\``,
      );
    } else if (slashes !== "none") {
      notes.push(
        `"${column}" holds dates with slashes, which may be month first or day first: ` +
          "find out which, and set `timestamp_format: mdy` or `timestamp_format: dmy`",
      );
    }
  } else if (slashes === "ambiguous" && example !== undefined) {
    notes.push(
      `The first dates of "${column}" could be read as ${other} too: "${example.text}" is read as ${example.time}`,
    );
  } else if (slashes === other) {
    notes.push(`The dates of "${column}" read only as ${other}: set \`timestamp_format: ${other}\``);
  }
  return notes;
}

function changeNotes(column: string, { total, changes }: TimeColumn, zone: string): string[] {
  const note = (change: ClockChange, verb: string, how: string) => {
    const { count, example } = changes[change];
    if (example === undefined) return [];
    return [
      `${count} of the first ${total} values of "${column}" ${verb} in ${zone}, whose clock changes: ` +
      `"${example.text}" is read as ${how}${example.time}`,
    ];
  };
  return [...note("skipped", "do not exist", ""), ...note("repeated", "occur twice", "the earlier, ")];
}

/** The formats a column's values mostly parse as, the given one first. */
export function formatOf(values: readonly string[], first: TimestampFormat, zone: string): TimestampFormat | undefined {
  const formats = Object.keys(TIMESTAMP_FORMATS).filter(isFormat);
  return [first, ...formats].find((format) => mostlyParses(examineTimes(values, format, zone)));
}

function isFormat(name: string): name is TimestampFormat {
  return Object.hasOwn(TIMESTAMP_FORMATS, name);
}
