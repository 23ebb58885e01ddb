/**
 * Tells what a run would write, without writing it.
 *
 * @module
 */
import type { ExportPlanContext, Plan } from "@waybill/waybill";
import { fileNotes } from "../file_service/exports/mod.ts";
import type { MaybePgpConnection } from "../file_service/mod.ts";
import type { AudienceExportOptions } from "./config.ts";
import { identifiersOf, keyOf } from "./identifiers.ts";
import { pathOf } from "./run.ts";

/** Identifiers that a plan shows, and the batches of members that it looks for them in. */
const SHOWN = 10;
const BATCHES = 3;

/** Tells the audience's size, the field, the file, and the first identifiers. */
export async function plan(context: ExportPlanContext<AudienceExportOptions, MaybePgpConnection>): Promise<Plan> {
  const { config, audience, columns, members, size } = context;
  const file = pathOf(context), notes = await fileNotes(context, file);
  const identifiers: string[] = [];
  let batches = 0;
  for await (const batch of members()) {
    identifiers.push(...identifiersOf(batch, columns));
    if (identifiers.length >= SHOWN || ++batches === BATCHES) break;
  }
  const shown = identifiers.slice(0, SHOWN);
  const field = columns[0]?.name ?? null;
  return {
    summary: `Would write the \`${config.identifier_type}\` of each member of audience "${audience.name}"`,
    facts: { audience: audience.slug, members: await size(), field, file },
    sample: { columns: [keyOf(config.identifier_type)], rows: shown.map((identifier) => [identifier]) },
    notes,
  };
}
