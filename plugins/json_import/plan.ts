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
import type { JsonImportOptions } from "./config.ts";
import { openJsonFile } from "./json_file.ts";
import { fieldNames, missingNotes } from "./record_fields.ts";

/** Tells which files would be imported, reads the first records of the first, and changes nothing. */
export async function plan(context: PlanContext<JsonImportOptions, ImportConnection>): Promise<Plan> {
  return await planFiles(context, (one) => planUndecrypted(one.config, () => planFile(one)));
}

async function planFile(
  context: PlanContext<JsonImportOptions & { readonly file: string }, ImportConnection>,
): Promise<Plan> {
  const { config } = context;
  const { fields, identify_by, timestamp_field: timestampField } = config;
  await using source = await openPreview(context, config);
  // Fields are known by the records alone, so all of them are looked at.
  const options = { encoding: config.encoding, fields: [], timestamp_field: undefined };
  await using file = await openJsonFile(await firstMember(source), options, { batchRows: SAMPLE_ROWS });
  const sample = await readSample(file.chunks);
  const found = fieldNames(sample);
  const imported = fields.length === 0 ? found : found.filter((name) => fields.includes(name));
  const times = { ...config, timestamps: timestampField === undefined ? [] : [timestampField] };
  const what = fields.length === 0 ? "all fields" : fields.length === 1 ? "1 field" : `${fields.length} fields`;
  return {
    summary: `Would import ${what} of ${whereof(source)} into stream "${config.stream}"`,
    facts: {
      ...fileFacts(source, [...file.member.layers, "JSON lines"]),
      encoding: file.encoding,
      found,
      fields: [...imported],
      identify_by: [...identify_by],
      timestamp_field: timestampField ?? null,
      timestamp_format: config.timestamp_format,
      timestamp_zone: config.timestamp_zone,
      first_times: firstTimes(sample, times),
    },
    sample: { columns: imported, rows: shownRows(sample, imported) },
    notes: [
      ...memberNotes(source, "Fields and records shown"),
      ...file.notes,
      ...rejectNotes(sample),
      ...missingNotes(sample, {
        fields,
        identify_by,
        timestamp_field: times.timestamps,
      }),
      ...timestampNotes(found, sample, times),
      ...rowNotes(sample, config),
    ],
  };
}
