/**
 * Activities: what the bulk APIs call the runs of imports.
 *
 * @module
 */
import { z } from "zod";
import { Failure } from "../../core/contracts/failure.ts";
import type { Engine } from "../../core/engine/runtime.ts";
import type { RunView } from "../../core/engine/views.ts";
import type { Answer } from "../answers.ts";
import { bare } from "./answers.ts";

/** Names an import where its status is asked for. */
export interface Activity {
  readonly activity_id: string;
}

/** The answer (202) to what queued an import. */
export const queued: Answer<Activity> = bare(
  z.object({ activity_id: z.uuid().describe("Names the import where its status is asked for") })
    .meta({ id: "Activity" }),
  "It is queued",
  202,
);

/** What a run is called: its id as a UUID. */
export function activityOf({ id }: Pick<RunView, "id">): Activity {
  return { activity_id: id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5") };
}

/** The run that an activity's id names, where it is one of this job type. Failure `not_found`. */
export async function findActivity({ runs }: Pick<Engine, "runs">, id: string, type: string): Promise<RunView> {
  const absent = (cause?: unknown) =>
    new Failure("config", `There is no import "${id.slice(0, 64)}"`, {
      code: "not_found",
      hint: "Check the `activity_id`",
      cause,
    });
  if (!/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(id)) throw absent();
  try {
    const run = await runs.get(id.replaceAll("-", "").toLowerCase());
    if (run.type === type) return run;
  } catch (error) {
    if (!(error instanceof Failure && error.code === "not_found")) throw error;
    throw absent(error);
  }
  throw absent();
}

/** How an import stands, in the documented words. */
export type ActivityStatus = "Pending" | "Running" | "Completed" | "Failed";

/** Where each status of a run belongs. One that is held waits for somebody's approval. */
export const ACTIVITY_STATUS: Readonly<Record<RunView["status"], ActivityStatus>> = {
  queued: "Pending",
  held: "Pending",
  running: "Running",
  succeeded: "Completed",
  failed: "Failed",
  cancelled: "Failed",
};

/** A time as the samples have it: UTC, without saying so, in whole seconds. */
export function sampleTime(iso: string): string {
  return iso.slice(0, 19);
}
