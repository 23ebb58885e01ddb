/**
 * Who is there to execute runs, and which runs nobody works on any more.
 *
 * @module
 */
import type { Database } from "../database/database.ts";
import type { RunsTable } from "../database/tables.ts";
import { livingProcesses, takesAny } from "./processes.ts";

/** Who is there to execute runs. */
export interface Alive {
  /** Ids of processes. */
  readonly processes: ReadonlySet<string>;
  /** Whether one of them takes any run from the queue. */
  readonly serving: boolean;
}

/** Nobody is there. */
export const NOBODY: Alive = { processes: new Set(), serving: false };

/** Who is there in a data directory. `folder` holds the lock files. */
export async function aliveIn(database: Database, folder: string): Promise<Alive> {
  const living = await livingProcesses(database, folder);
  return { processes: new Set(living.map(({ id }) => id)), serving: living.some(takesAny) };
}

/** Whether the process that executes a running run is gone, or has been silent for longer than its lease. */
export function isInterrupted(
  run: Pick<RunsTable, "lease_until" | "lease_owner">,
  { processes }: Alive,
  now: number,
): boolean {
  return (run.lease_until ?? 0) < now || run.lease_owner === null || !processes.has(run.lease_owner);
}
