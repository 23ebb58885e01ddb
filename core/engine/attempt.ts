/**
 * What an attempt at a run gives to whatever does the run's work.
 *
 * @module
 */
import { folderSpool } from "../codecs/spool.ts";
import type { JobDefinition, Progress } from "../contracts/job.ts";
import type { Log } from "../contracts/log.ts";
import type { RunsTable } from "../database/tables.ts";
import type { Core } from "./core.ts";
import { approvalOf, Held } from "./held.ts";
import type { Claim } from "./claim.ts";
import { isContinuous } from "./schedule/fields.ts";

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
  /** Leads to the Worker beside this one; without one, this thread does everything. */
  readonly helper: MessagePort | undefined;
  /** Takes how far the work is. */
  progress(progress: Progress): void;
  /** Takes a sentence that the user should read. */
  note(sentence: string): void;
  /** Bytes of the source that were told of so far. */
  bytes(): number;
  /** Milliseconds worked so far. */
  duration(): number;
}

/** What to look at before a run goes on. */
const LOOK = { import: "the file", export: "the audience" } as const;

/** What every plugin gets for a run, whatever its job does. */
export function givenTo(job: JobDefinition, attempt: Attempt) {
  const { core, row, config, connection, signal, log, progress } = attempt;
  return {
    config,
    connection,
    startedAt: row.started_at ?? row.created_at,
    spool: folderSpool(core.home.workDir),
    continuous: isContinuous(job, JSON.parse(row.config)),
    signal,
    log,
    progress,
    hold: (reason: string) => holdUnlessApproved(attempt, reason, LOOK[job.direction]),
  };
}

/** The position that the run has durably reached, as the job's own schema has it; undefined at its first start. */
export function checkpointOf({ checkpoint }: JobDefinition, { row }: Attempt): unknown {
  return row.checkpoint === null ? undefined : checkpoint.parse(JSON.parse(row.checkpoint));
}

/** `hold` of the contract: resolves where somebody approved the reason; `look` is what to look at before. */
async function holdUnlessApproved({ row, note }: Attempt, reason: string, look: string): Promise<void> {
  if (!(JSON.parse(row.approved) as string[]).includes(approvalOf(reason))) throw new Held(reason, look);
  await Promise.resolve();
  note(`Approved: ${reason}`);
}
