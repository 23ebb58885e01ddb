/**
 * Writes profiles, or their changes, a line each.
 *
 * @module
 */
import type { ExportContext, ExportReading } from "@waybill/waybill";
import { resultPath, type ResultPosition, writeLines } from "../bulk/exports/mod.ts";
import type { MaybePgpConnection } from "../file_service/mod.ts";
import type { ProfileExportOptions } from "./config.ts";

/** Writes the file. */
export async function run(
  context: ExportContext<ProfileExportOptions, MaybePgpConnection, ResultPosition>,
): Promise<void> {
  await writeLines(context, pathOf(context), context.rows);
}

/** Where the file goes. */
export function pathOf(
  { config: { output, table, job_type }, connection }: Pick<
    ExportReading<ProfileExportOptions, MaybePgpConnection>,
    "config" | "connection"
  >,
): string {
  return resultPath({ output, name: `${job_type}-${table}`, connection });
}
