/**
 * Who may do what with which jobs and runs: those that bring data in and those that take it out are allowed apart.
 *
 * @module
 */
import type { JobDefinition } from "../contracts/job.ts";
import { may, requireCapability, type Scoped } from "./capabilities.ts";
import type { Registry } from "./registry.ts";

/** What somebody wants to do with a job or a run. */
export type Access = "read" | "write";

/**
 * Refuses (`forbidden`) what somebody may do only with jobs of the other direction. What no job type explains, a task of the
 * engine's or a type whose plugin is gone, counts as bringing data in.
 */
export function requireDirection(who: Scoped, { jobs }: Pick<Registry, "jobs">, type: string, access: Access): void {
  const direction: JobDefinition["direction"] = jobs.find(({ id }) => id === type)?.direction ?? "import";
  requireCapability(who, `${direction}.${access}`);
}

/** The job types whose jobs and runs somebody sees in lists; undefined = all. */
export function listedTypes(who: Scoped, { jobs }: Pick<Registry, "jobs">): readonly string[] | undefined {
  if (may(who, "import.read")) return undefined;
  return jobs.filter(({ direction }) => direction === "export" && may(who, "export.read")).map(({ id }) => id);
}
