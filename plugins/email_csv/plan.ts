/**
 * Tells what a run would publish and whom it would mail, without doing either.
 *
 * @module
 */
import type { ExportPlanContext, Plan } from "@waybill/waybill";
import { changeToHold, columnNames, firstRows } from "../file_service/exports/mod.ts";
import type { MailConnection } from "../file_service/mod.ts";
import type { EmailCsvOptions } from "./config.ts";
import { exportConfig, LIFETIME, namesOf } from "./run.ts";

/** Tells the audience's size, the columns, the file, who gets the link, and shows the first rows. */
export async function plan(context: ExportPlanContext<EmailCsvOptions, MailConnection>): Promise<Plan> {
  const { config, audience, history, size } = context;
  const exported = { ...context, config: exportConfig(config) };
  const rows = await size();
  const held = changeToHold(rows, await history.last(), config.hold_change, undefined);
  const people = config.email.length === 1 ? `"${config.email[0]}"` : `${config.email.length} addresses`;
  return {
    summary: `Would mail ${people} a link to ${rows === 1 ? "1 row" : `${rows} rows`} of audience "${audience.name}"`,
    facts: {
      audience: audience.slug,
      rows,
      columns: [...columnNames(exported)],
      file: namesOf(context).file,
      email: [...config.email],
      link_good_for_hours: LIFETIME / 3_600_000,
    },
    sample: await firstRows(exported),
    notes: held === undefined ? [] : [`It would be held: ${held.reason}`],
  };
}
