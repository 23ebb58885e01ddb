/**
 * Writes the members' identifiers, a line each.
 *
 * @module
 */
import type { ExportContext, ExportReading } from "@waybill/waybill";
import { type Lines, resultPath, type ResultPosition, writeLines } from "../bulk/exports/mod.ts";
import type { MaybePgpConnection } from "../file_service/mod.ts";
import type { AudienceExportOptions } from "./config.ts";
import { identifiersOf, keyOf } from "./identifiers.ts";

const encoder = new TextEncoder();

/** Writes the file. */
export async function run(
  context: ExportContext<AudienceExportOptions, MaybePgpConnection, ResultPosition>,
): Promise<void> {
  await writeLines(context, pathOf(context), () => linesOf(context));
}

/** Where the file goes. */
export function pathOf(
  { config, connection, audience }: Pick<
    ExportReading<AudienceExportOptions, MaybePgpConnection>,
    "config" | "connection" | "audience"
  >,
): string {
  const { output, identifier_type } = config;
  return resultPath({ output, name: `${audience.slug}-${identifier_type}`, connection });
}

async function* linesOf(
  { config, columns, members }: Pick<
    ExportReading<AudienceExportOptions, MaybePgpConnection>,
    "config" | "columns" | "members"
  >,
): AsyncGenerator<Lines, void, undefined> {
  const start = `{${JSON.stringify(keyOf(config.identifier_type))}:`;
  for await (const batch of members()) {
    const lines = identifiersOf(batch, columns).map((identifier) => `${start}${JSON.stringify(identifier)}}\n`);
    yield { bytes: encoder.encode(lines.join("")), rows: lines.length, share: batch.share };
  }
}
