/**
 * Tells what a run would read, without running it.
 *
 * @module
 */
import type { Plan, PlanContext } from "@waybill/waybill";
import { openJsonLines, openText } from "@waybill/waybill/codecs";
import {
  fileFacts,
  firstMember,
  type ImportConnection,
  openPreview,
  readSample,
  rejectNotes,
  SAMPLE_ROWS,
  shownRows,
  whereof,
} from "../file_service/imports/mod.ts";
import type { AudienceImportOptions } from "./config.ts";

/** Reads the file's first ids, and changes nothing. */
export async function plan(context: PlanContext<AudienceImportOptions, ImportConnection>): Promise<Plan> {
  const { config } = context, { identifier_type: id } = config;
  await using source = await openPreview(context, config);
  const member = await firstMember(source);
  const text = await openText((offset) => member.open(offset), { encoding: "auto", offset: 0 });
  const { chunks } = openJsonLines(text.bytes, { fields: [id], required: id, batchRows: SAMPLE_ROWS });
  const sample = await readSample(chunks);
  const list = config.audience_list_id === undefined
    ? `audience "${config.audience_name}"`
    : `audience list ${config.audience_list_id}`;
  return {
    summary: `Would make the ids in ${whereof(source)} the members of ${list}`,
    facts: { ...fileFacts(source, [...member.layers, "JSON lines"]), encoding: text.encoding, app_id: config.app_id },
    sample: { columns: [id], rows: shownRows(sample, [id]) },
    notes: rejectNotes(sample),
  };
}
