/**
 * Tells whether a column holds timestamps, and how they can be read.
 *
 * @module
 */
import {
  ambiguousDates,
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
}

/** Reads a column's values as one format. */
export function examineTimes(values: readonly string[], format: TimestampFormat, zone: string): TimeColumn {
  const parser = timestampParser({ format, zone });
  let parsed = 0;
  let example: TimeColumn["example"];
  let unread: string | undefined;
  for (const text of values) {
    const time = parser.parse(text);
    if (time === undefined) unread ??= text;
    else {
      parsed++;
      example ??= { text, time: isoTime(time) };
    }
  }
  return {
    parsed,
    total: values.length,
    slashes: ambiguousDates(values),
    ...(example === undefined ? {} : { example }),
    ...(unread === undefined ? {} : { unread }),
  };
}

/** A time in ISO 8601, UTC. */
export function isoTime(milliseconds: number): string {
  return Temporal.Instant.fromEpochMilliseconds(milliseconds).toString();
}

/** Whether a column mostly parses: more than half of its values, and there are some. */
export function mostlyParses({ parsed, total }: TimeColumn): boolean {
  return parsed * 2 > total;
}

/** What a user should know about a chosen timestamp column before running the job: one sentence each. */
export function timeNotes(column: string, times: TimeColumn, format: TimestampFormat): string[] {
  const { parsed, total, slashes, unread, example } = times;
  if (total === 0) return [`Timestamp column "${column}" is empty in the first rows`];
  const notes: string[] = [];
  if (parsed < total) {
    notes.push(
      `${total - parsed} of the first ${total} values of "${column}" do not parse as ${format}, such as "${unread}"`,
    );
  }
  const other = format === "mdy" ? "dmy" : "mdy";
  if (format !== "mdy" && format !== "dmy") {
    if (slashes === "mdy" || slashes === "dmy") {
      notes.push(
        `"${column}" holds dates with slashes, which read only as ${slashes}: set --timestamp-format ${slashes}`,
      );
    } else if (slashes !== "none") {
      notes.push(
        `"${column}" holds dates with slashes, which may be month first or day first: ` +
          "find out which, and set --timestamp-format mdy or dmy",
      );
    }
  } else if (slashes === "ambiguous" && example !== undefined) {
    notes.push(
      `The first dates of "${column}" could be read as ${other} too: "${example.text}" is read as ${example.time}`,
    );
  } else if (slashes === other) {
    notes.push(`The dates of "${column}" read only as ${other}: set --timestamp-format ${other}`);
  }
  return notes;
}

/** The formats a column's values mostly parse as, the given one first. */
export function formatOf(values: readonly string[], first: TimestampFormat, zone: string): TimestampFormat | undefined {
  const formats = Object.keys(TIMESTAMP_FORMATS).filter(isFormat);
  return [first, ...formats].find((format) => mostlyParses(examineTimes(values, format, zone)));
}

function isFormat(name: string): name is TimestampFormat {
  return Object.hasOwn(TIMESTAMP_FORMATS, name);
}
