/**
 * Tells what a run would write, without writing it.
 *
 * @module
 */
import type { LogExportPlanContext, Plan } from "@waybill/waybill";
import { fileNotes } from "../file_service/exports/mod.ts";
import type { MaybePgpConnection } from "../file_service/mod.ts";
import type { LogExportOptions } from "./config.ts";
import { hourName, pathOf } from "./hour_names.ts";
import { dueHours, outputOf } from "./hours.ts";

/** Hours that a plan shows. */
const SHOWN = 10;

/** Tells the hours and their files. */
export async function plan(context: LogExportPlanContext<LogExportOptions, MaybePgpConnection>): Promise<Plan> {
  const { app, hours: { oldest, newest } } = context, output = outputOf(context);
  const { hours, notes } = await dueHours(context), [first] = hours;
  const gone = hours.filter((hour) => hour < oldest || hour > newest).map((hour) =>
    `There is no log of the hour ${hourName(hour)}: it is not complete, or not kept any more`
  );
  return {
    summary: `Would write ${
      hours.length === 1 ? "an hour" : `${hours.length} hours`
    } of the raw logs of app "${app.name}"`,
    facts: { app: app.name, hours: hours.length, newest_hour: hourName(newest) },
    sample: {
      columns: ["hour", "file"],
      rows: hours.slice(0, SHOWN).map((hour) => [hourName(hour), pathOf(output, hour)]),
    },
    notes: [...notes, ...gone, ...(first === undefined ? [] : await fileNotes(context, pathOf(output, first)))],
  };
}
