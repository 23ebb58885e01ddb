/**
 * What an attempt at a run gives to whatever does the run's work.
 *
 * @module
 */
import type { Progress } from "../contracts/job.ts";
import type { Log } from "../contracts/log.ts";
import type { RunsTable } from "../database/tables.ts";
import type { Core } from "./core.ts";
import { approvalOf, Held } from "./held.ts";
import type { Claim } from "./queue.ts";

/** An attempt at a run of a job. */
export interface Attempt {
  readonly core: Core;
  readonly claim: Claim;
  /** The run as this attempt found it. */
  readonly row: RunsTable;
  /** The job's configuration, parsed. */
  readonly config: Record<string, unknown>;
  readonly connection: object;
  /** Ends the work: a stop, a drain, or a lost lease. */
  readonly signal: AbortSignal;
  /** The plugin's log: its warnings are kept with the run. */
  readonly log: Log;
  /** Leads to a worker that waits to commit; without one, this thread commits. */
  readonly commits: MessagePort | undefined;
  /** Takes how far the work is. */
  progress(progress: Progress): void;
  /** Takes a sentence that the user should read. */
  note(sentence: string): void;
  /** Bytes of the source that were told of so far. */
  bytes(): number;
  /** Milliseconds worked so far. */
  duration(): number;
}

/** `hold` of the contract: resolves where somebody approved the reason; `look` is what to look at before. */
export async function holdUnlessApproved({ row, note }: Attempt, reason: string, look: string): Promise<void> {
  if (!(JSON.parse(row.approved) as string[]).includes(approvalOf(reason))) throw new Held(reason, look);
  await Promise.resolve();
  note(`Approved: ${reason}`);
}
