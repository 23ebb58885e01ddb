/**
 * Tells what a run would do, without running it.
 *
 * @module
 */
import { changesTarget, type Plan, type PlanContext } from "@waybill/waybill";
import {
  fileFacts,
  firstMember,
  type ImportConnection,
  memberNotes,
  openPreview,
  planUndecrypted,
  readSample,
  rejectNotes,
  SAMPLE_ROWS,
  shownRows,
  whereof,
} from "../file_service/imports/mod.ts";
import { planFiles } from "../file_service/sequence/mod.ts";
import { openChangeFile } from "./change_file.ts";
import type { ProfileImportOptions } from "./config.ts";

/** Tells which files would be imported, reads the first rows of the first, and changes nothing. */
export async function plan(context: PlanContext<ProfileImportOptions, ImportConnection>): Promise<Plan> {
  const { stream, identifyBy } = changesTarget();
  return await planFiles(context, (one) => planUndecrypted({ stream, identify_by: identifyBy }, () => planFile(one)));
}

const COLUMNS = ["customer_id", "changes"];

async function planFile(
  context: PlanContext<ProfileImportOptions & { readonly file: string }, ImportConnection>,
): Promise<Plan> {
  const { config } = context;
  await using source = await openPreview(context, config);
  await using file = await openChangeFile(await firstMember(source), config, { batchRows: SAMPLE_ROWS });
  const sample = await readSample(file.chunks);
  const whose = config.app === undefined ? "the account" : `app "${config.app}"`;
  return {
    summary: `Would change profiles of ${whose} as ${whereof(source)} says`,
    facts: {
      ...fileFacts(source, [...file.member.layers, config.format === "json" ? "JSON lines" : "CSV"]),
      encoding: file.encoding,
      app: config.app ?? null,
    },
    sample: { columns: COLUMNS, rows: shownRows(sample, COLUMNS) },
    notes: [...memberNotes(source, "Rows shown"), ...file.notes, ...rejectNotes(sample)],
  };
}
