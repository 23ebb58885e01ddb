/**
 * Tells what a run would write, without writing it.
 *
 * @module
 */
import type { ExportPlanContext, Plan } from "@waybill/waybill";
import { fileNotes } from "../file_service/exports/mod.ts";
import type { MaybePgpConnection } from "../file_service/mod.ts";
import type { ProfileExportOptions } from "./config.ts";
import { pathOf } from "./run.ts";

/** Tells how many profiles there are, and the file. */
export async function plan(context: ExportPlanContext<ProfileExportOptions, MaybePgpConnection>): Promise<Plan> {
  const { table, job_type } = context.config;
  const file = pathOf(context), notes = await fileNotes(context, file);
  const profiles = await context.size();
  return {
    summary: job_type === "profile"
      ? `Would write ${profiles === 1 ? "1 profile" : `${profiles} profiles`} of table "${table}"`
      : `Would write what changed in table "${table}" since the results that were last fetched`,
    facts: { table, profiles, file },
    notes,
  };
}
