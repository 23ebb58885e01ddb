/**
 * Which hours a run exports, and where to.
 *
 * @module
 */
import type { LogExportPlanContext } from "@waybill/waybill";
import type { MaybePgpConnection } from "../file_service/mod.ts";
import type { LogExportOptions } from "./config.ts";
import { HOUR, hourIn, hourName, hourNamed, PLACE } from "./hour_names.ts";

type Context = Pick<
  LogExportPlanContext<LogExportOptions, MaybePgpConnection>,
  "config" | "connection" | "continuous" | "history" | "hours"
>;

/** The path of the files, with a place for the hour where it is left out. */
export function outputOf({ config, connection }: Pick<Context, "config" | "connection">): string {
  return config.output ?? `${PLACE}.log.gz${connection.encrypt === undefined ? "" : ".pgp"}`;
}

/** The hours that a run exports. */
export interface DueHours {
  readonly hours: readonly number[];
  /** What to know of them: one sentence each. */
  readonly notes: readonly string[];
}

/**
 * The hour that is configured, else the newest; of a continuous job those since the last that it has exported, unless its
 * file is replaced each time.
 */
export async function dueHours(context: Context): Promise<DueHours> {
  const { config, continuous, history, hours: { oldest, newest } } = context;
  const named = config.hour === undefined ? undefined : hourNamed(config.hour);
  if (named !== undefined) return { hours: [named], notes: [] };
  const path = continuous ? (await history.last())?.path ?? undefined : undefined;
  const last = path === undefined ? undefined : hourIn(outputOf(context), path);
  if (last === undefined) return { hours: [newest], notes: [] };
  const first = Math.max(last + HOUR, oldest), hours: number[] = [];
  for (let hour = first; hour <= newest; hour += HOUR) hours.push(hour);
  const notes = first > last + HOUR
    ? [
      `The hours from ${hourName(last + HOUR)} to ${
        hourName(first - HOUR)
      } are not kept any more, and were not exported`,
    ]
    : [];
  return { hours, notes };
}
