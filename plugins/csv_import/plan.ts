/**
 * Tells what a run would read, without running it.
 *
 * @module
 */
import type { Plan, PlanContext } from "@waybill/waybill";
import {
  fileFacts,
  firstMember,
  firstTimes,
  type ImportConnection,
  memberNotes,
  openPreview,
  planUndecrypted,
  readSample,
  rejectNotes,
  rowNotes,
  SAMPLE_ROWS,
  shownRows,
  timestampNotes,
  whereof,
} from "../file_service/imports/mod.ts";
import { planFiles } from "../file_service/sequence/mod.ts";
import type { CsvImportOptions } from "./config.ts";
import { openCsvFile } from "./csv_file.ts";

/** Tells which files would be imported, reads the header and the first rows of the first, and changes nothing. */
export async function plan(context: PlanContext<CsvImportOptions, ImportConnection>): Promise<Plan> {
  return await planFiles(context, (one) => planUndecrypted(one.config, () => planFile(one)));
}

async function planFile(context: PlanContext<CsvImportOptions, ImportConnection>): Promise<Plan> {
  const { config } = context;
  await using source = await openPreview(context, config);
  await using file = await openCsvFile(await firstMember(source), config, { batchRows: SAMPLE_ROWS });
  const sample = await readSample(file.chunks);
  const { header, selection } = file;
  const { imported } = selection;
  const columns = imported.length === header.names.length
    ? `all ${header.names.length} columns`
    : `${imported.length} of ${header.names.length} columns`;
  return {
    summary: `Would import ${columns} of ${whereof(source)} into stream "${config.stream}"`,
    facts: {
      ...fileFacts(source, [...file.member.layers, "CSV"]),
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
      ...memberNotes(source, "Columns and rows shown").map((note) =>
        `${note}; each file is read by a header of its own`
      ),
      ...header.notes,
      ...rejectNotes(sample),
      ...timestampNotes(selection.read, sample, config),
      ...rowNotes(sample, config),
    ],
  };
}
