/**
 * What a plan says of a file and its first rows, whatever its format.
 *
 * @module
 */
import type { FileEntry, JsonValue } from "@waybill/waybill";
import type { TimestampFormat } from "@waybill/waybill/codecs";
import { identityNotes } from "./identity_values.ts";
import { columnValues, type Sample, SHOWN_ROWS, textOf } from "./sample.ts";
import type { Source } from "./source.ts";
import { examineTimes, isoTime, mostlyParses, timeNotes } from "./time_values.ts";

/** Names of an archive's members that are listed. */
const MOST_MEMBERS = 100;

/** How times are read, and from which columns. */
export interface TimeOptions {
  readonly timestamps: readonly string[];
  readonly timestamp_format: TimestampFormat;
  readonly timestamp_zone: string;
}

/** The chosen files of an archive; none where it is no archive. */
export function chosenMembers({ archive }: Source): string[] {
  return archive?.filter(({ chosen }) => chosen).map(({ name }) => name) ?? [];
}

/** What a summary calls the file, with its size. */
export function whereof(source: Source): string {
  const { path, archive, entry } = source;
  const members = chosenMembers(source).length;
  const files = members === 1 ? "1 file" : `${members} files`;
  return `${archive === undefined ? "" : `${files} in `}"${path}" (${entry.size} bytes)`;
}

/** The first facts of a plan: the file. */
export function fileFacts(source: Source, format: readonly string[]): Readonly<Record<string, JsonValue>> {
  const { path, entry, archive } = source;
  const { file, ...others } = entryFacts(path, entry);
  return {
    file,
    format: format.join(" → "),
    ...(archive === undefined ? {} : { members: chosenMembers(source).slice(0, MOST_MEMBERS) }),
    ...others,
  };
}

/** What is known of a file without opening it. */
export function entryFacts(
  path: string,
  { size, modified }: FileEntry,
): { readonly file: string; readonly bytes: number; readonly modified: string } {
  return { file: path, bytes: size, modified: isoTime(Math.floor(modified)) };
}

/** That only one member is shown. */
export function memberNotes(source: Source, shown: string): string[] {
  const members = chosenMembers(source);
  const [first] = members;
  return first === undefined || members.length === 1 ? [] : [`${shown} are those of "${first}"`];
}

/** For each of the rows shown, the column that gives its time, what stands there, and the time; a flat table. */
export function firstTimes(sample: Sample, config: TimeOptions): JsonValue[] {
  if (config.timestamps.length === 0) return [];
  return sample.rows.slice(0, SHOWN_ROWS).map((row, index) => {
    for (const column of config.timestamps) {
      const text = textOf(row.get(column));
      const { example } = examineTimes([text], config.timestamp_format, config.timestamp_zone);
      if (example !== undefined) return { row: index + 1, column, text, time: example.time };
    }
    return { row: index + 1, column: null, text: null, time: "import time" };
  });
}

/** What is to be known of the chosen timestamps, or that there are none, though some of `columns` may hold them. */
export function timestampNotes(columns: readonly string[], sample: Sample, config: TimeOptions): string[] {
  const { timestamps, timestamp_format: format, timestamp_zone: zone } = config;
  const times = (column: string) => examineTimes(columnValues(sample, column), format, zone);
  if (timestamps.length > 0) return timestamps.flatMap((column) => timeNotes(column, times(column), format, zone));
  const found = columns.filter((column) => mostlyParses(times(column))).map((column) => `"${column}"`);
  const note = "No timestamps are chosen: events get the time at which the run first starts";
  return found.length === 0 ? [note] : [`${note}, though ${found.join(", ")} may hold some`];
}

/** That events would name nobody, and that values which identify look like none. */
export function rowNotes(
  sample: Sample,
  { identify_by, stream }: { readonly identify_by: readonly string[]; readonly stream: string },
): string[] {
  return [...profileNotes(identify_by, stream), ...identityNotes(sample, identify_by)];
}

/** That rows would be rejected. */
export function rejectNotes({ rejected }: Sample): string[] {
  const [first] = rejected;
  if (first === undefined) return [];
  return [`${rejected.length} of the first rows would be rejected, the first on line ${first.line}: ${first.reason}`];
}

/** That events make no profiles by themselves. */
export function profileNotes(identify_by: readonly string[], stream: string): string[] {
  if (identify_by.length > 0) return [];
  return [`No field identifies profiles: events make profiles only if stream "${stream}" has a mapping`];
}
