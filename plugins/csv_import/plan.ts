/**
 * Tells what a run would read, without running it.
 *
 * @module
 */
import type { JsonValue, Plan, PlanContext } from "@waybill/waybill";
import {
  columnValues,
  examineTimes,
  identityNotes,
  isoTime,
  mostlyParses,
  readSample,
  type Sample,
  SAMPLE_ROWS,
  SHOWN_ROWS,
  shownRows,
  textOf,
  timeNotes,
} from "../file_service/imports/mod.ts";
import { planFiles } from "../file_service/sequence/mod.ts";
import type { CsvImportOptions } from "./config.ts";
import { type CsvFile, openCsvFile } from "./csv_file.ts";
import { type CsvConnection, firstMember, openSource, type Source } from "./source.ts";

/** Names of an archive's members that are listed. */
const MOST_MEMBERS = 100;

/** Tells which files would be imported, reads the header and the first rows of the first, and changes nothing. */
export async function plan(context: PlanContext<CsvImportOptions, CsvConnection>): Promise<Plan> {
  return await planFiles(context, planFile);
}

async function planFile(context: PlanContext<CsvImportOptions, CsvConnection>): Promise<Plan> {
  const { config } = context;
  await using source = await openSource(context, config, { verify: false });
  await using file = await openCsvFile(await firstMember(source), config, { batchRows: SAMPLE_ROWS });
  const sample = await readSample(file.chunks);
  const { header, selection } = file;
  const { entry, path } = source;
  const members = source.archive?.filter(({ chosen }) => chosen) ?? [];
  const { imported } = selection;
  const columns = imported.length === header.names.length
    ? `all ${header.names.length} columns`
    : `${imported.length} of ${header.names.length} columns`;
  return {
    summary: `Would import ${columns} of ${
      whereof(source, members.length)
    } (${entry.size} bytes) into stream "${config.stream}"`,
    facts: {
      file: path,
      format: [...file.member.layers, "CSV"].join(" → "),
      ...(source.archive === undefined ? {} : { members: members.slice(0, MOST_MEMBERS).map(({ name }) => name) }),
      bytes: entry.size,
      modified: isoTime(Math.floor(entry.modified)),
      encoding: file.encoding,
      delimiter: header.delimiter,
      header: [...header.names],
      fields: [...imported],
      identify_by: [...config.identify_by],
      timestamps: [...config.timestamps],
      timestamp_format: config.timestamp_format,
      timestamp_zone: config.timestamp_zone,
      first_times: firstTimes(sample, config),
    },
    sample: {
      columns: imported,
      rows: shownRows(sample, imported),
    },
    notes: [
      ...memberNotes(source, members.map(({ name }) => name)),
      ...header.notes,
      ...rejectNotes(sample),
      ...timestampNotes(file, sample, config),
      ...profileNotes(config),
      ...identityNotes(sample, config.identify_by),
    ],
  };
}

function whereof({ path, archive }: Source, members: number): string {
  if (archive === undefined) return `"${path}"`;
  return members === 1 ? `1 file in "${path}"` : `${members} files in "${path}"`;
}

function memberNotes({ archive }: Source, members: readonly string[]): string[] {
  const [first] = members;
  if (archive === undefined || first === undefined || members.length === 1) return [];
  return [`Columns and rows shown are those of "${first}"; each file is read by a header of its own`];
}

/** For each of the rows shown, the column that gives its time, what stands there, and the time; a flat table. */
function firstTimes(sample: Sample, config: CsvImportOptions): JsonValue[] {
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

function timestampNotes(file: CsvFile, sample: Sample, config: CsvImportOptions): string[] {
  const { timestamps, timestamp_format: format, timestamp_zone: zone } = config;
  const times = (column: string) => examineTimes(columnValues(sample, column), format, zone);
  if (timestamps.length > 0) return timestamps.flatMap((column) => timeNotes(column, times(column), format, zone));
  const found = file.selection.read.filter((column) => mostlyParses(times(column))).map((column) => `"${column}"`);
  const note = "No timestamps are chosen: events get the time at which the run first starts";
  return found.length === 0 ? [note] : [`${note}, though ${found.join(", ")} may hold some`];
}

function rejectNotes({ rejected }: Sample): string[] {
  const [first] = rejected;
  if (first === undefined) return [];
  return [`${rejected.length} of the first rows would be rejected, the first on line ${first.line}: ${first.reason}`];
}

function profileNotes({ identify_by, stream }: CsvImportOptions): string[] {
  if (identify_by.length > 0) return [];
  return [`No field identifies profiles: events make profiles only if stream "${stream}" has a mapping`];
}
