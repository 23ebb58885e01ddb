/**
 * For whom an export reads: fields that an account calls personal leave it only where whoever made it may see them.
 *
 * @module
 */
import type { RunsTable } from "../../database/tables.ts";
import { may, type Scoped } from "../capabilities.ts";

/** Whether somebody's exports may hold personal fields, as it stands with their jobs and runs. */
export function personalOf(who: Scoped): RunsTable["personal"] {
  return may(who, "pii.read") ? 1 : 0;
}

/** Stands for whoever made a job or a run, when their fields are looked at. */
export function readerOf({ personal }: Pick<RunsTable, "personal">): Scoped {
  return { scopes: personal === 1 ? ["admin"] : [] };
}
