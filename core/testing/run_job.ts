/**
 * Runs an import as the engine would, and collects what it hands over.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { z } from "zod";
import { memorySpool } from "../codecs/spool_memory.ts";
import type { AuthDefinition, ConnectionOf } from "../contracts/auth.ts";
import type { ConfigSchema } from "../contracts/config.ts";
import { Failure, throwIfAborted } from "../contracts/failure.ts";
import type { Compared, ImportContext, ImportJobDefinition, ImportTarget, Passed, Progress } from "../contracts/job.ts";
import type { ListTarget } from "../contracts/list_target.ts";
import type { ImportedFile } from "../contracts/ledger.ts";
import { isRecordBatch, type RejectedRow, type Row } from "../contracts/records.ts";
import { collectLog, type LogLine } from "./collect_log.ts";
import { type MemoryLedger, memoryLedger } from "./memory_ledger.ts";
import { type MemorySnapshots, memorySnapshots } from "./memory_snapshots.ts";
import { batchRows } from "./record_batch.ts";

/** How to run a job. */
export interface RunJobOptions<
  Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
> {
  /** The job's configuration, before defaults. */
  readonly config: z.input<Config>;
  /** What the auth would give: for a file provider `{ files: memoryStore({ … }) }`. */
  readonly connection: ConnectionOf<Auths[number]>;
  /** Where an earlier run stopped. */
  readonly checkpoint?: z.output<Checkpoint>;
  /** When the run first started, in milliseconds since the Unix epoch; 0 unless told. */
  readonly startedAt?: number;
  /** Whether it is a pass of a continuous job; not unless told. */
  readonly continuous?: boolean;
  /**
   * Stops the run once this many `emit` calls were accepted, and so far committed, as a crash would: what comes later is
   * lost.
   */
  readonly abortAfter?: number;
  /** The files imported so far, which those of this run join; empty unless told. */
  readonly ledger?: MemoryLedger;
  /** The job's snapshot, which one of this run may replace; none unless told. */
  readonly snapshots?: MemorySnapshots;
  /** Reasons that the run may be held for and goes on nonetheless: somebody approved them. */
  readonly approved?: readonly string[];
  /** Stops the run, as a user or a drain would. */
  readonly signal?: AbortSignal;
}

/** What one `emit` handed over, once it was committed. */
export interface Commit<Checkpoint> {
  /** The rows. */
  readonly rows: readonly Row[];
  /** The rejects reported since the `emit` before. */
  readonly rejected: readonly RejectedRow[];
  /** The position reached. */
  readonly checkpoint: Checkpoint;
  /** The files that it has wholly passed. */
  readonly files: readonly ImportedFile[];
  /** Rows that were told to be as they were. */
  readonly unchanged: number;
  /** What a diff found in a file that is wholly passed with it. */
  readonly compared?: Compared;
}

/** What a run handed over. */
export interface JobResult<Checkpoint> {
  /** Whether `run` came to its end; false when `abortAfter` or `signal` stopped it, and when it was held. */
  readonly finished: boolean;
  /** What it was held for; undefined where it was not. What it had not flushed by then is lost. */
  readonly held: string | undefined;
  /** Every row committed, in order. */
  readonly rows: readonly Row[];
  /** Every reject committed, in order. */
  readonly rejected: readonly RejectedRow[];
  /** What was committed, `emit` by `emit`. */
  readonly commits: readonly Commit<Checkpoint>[];
  /** Where the rows were to go. */
  readonly target: ImportTarget | ListTarget;
  /** Every progress told. */
  readonly progress: readonly Progress[];
  /** What was logged. */
  readonly log: readonly LogLine[];
}

/**
 * Runs `job` once and gives what was committed; throws what `run` throws.
 *
 * It holds the job to the contract: the configuration is parsed by its schema, a checkpoint must survive JSON and its
 * schema, a batch must be well-formed, `emit` must be awaited before the next call, and a run that is stopped ends
 * with what its signal gives as the reason, or another Failure of kind `cancelled`. It commits as late as the engine
 * may, when the job flushes and when it ends: before, neither the ledger knows a file nor has the snapshot changed.
 */
export async function runJob<
  const Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
>(
  job: ImportJobDefinition<Auths, Config, Checkpoint>,
  options: RunJobOptions<Auths, Config, Checkpoint>,
): Promise<JobResult<z.output<Checkpoint>>> {
  const config = job.config.parse(options.config);
  const { log, lines } = collectLog();
  const commits: Commit<z.output<Checkpoint>>[] = [];
  const waiting: (Commit<z.output<Checkpoint>> & Pick<Passed, "snapshot">)[] = [];
  const progress: Progress[] = [];
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  const ledger = options.ledger ?? memoryLedger();
  const snapshots = options.snapshots ?? memorySnapshots();
  let rejected: RejectedRow[] = [];
  let busy = false;

  const stored = (checkpoint: z.output<Checkpoint>): z.output<Checkpoint> =>
    job.checkpoint.parse(JSON.parse(JSON.stringify(checkpoint)));

  const commit = (): void => {
    for (const { snapshot, ...emitted } of waiting.splice(0)) {
      commits.push(emitted);
      ledger.mark(emitted.files);
      if (snapshot !== undefined) snapshots.adopt(snapshot);
    }
  };

  const exclusive = async (work: () => void): Promise<void> => {
    throwIfAborted(signal);
    assert.ok(!busy, "emit, reject and flush must be awaited before the next call");
    busy = true;
    // The engine answers later too: a job that forgets to wait is found out here.
    await Promise.resolve();
    busy = false;
    work();
  };

  const context: ImportContext<z.output<Config>, ConnectionOf<Auths[number]>, z.output<Checkpoint>> = {
    config,
    connection: options.connection,
    checkpoint: options.checkpoint === undefined ? undefined : stored(options.checkpoint),
    startedAt: options.startedAt ?? 0,
    spool: memorySpool(),
    continuous: options.continuous ?? false,
    signal,
    log,
    progress: (told) => {
      progress.push(told);
    },
    emit: (rows, checkpoint, files = [], { unchanged = 0, compared, snapshot } = {}) =>
      exclusive(() => {
        waiting.push({
          rows: isRecordBatch(rows) ? batchRows(rows) : [...rows],
          rejected,
          checkpoint: stored(checkpoint),
          files,
          unchanged,
          ...(compared === undefined ? {} : { compared }),
          ...(snapshot === undefined ? {} : { snapshot }),
        });
        rejected = [];
        if (commits.length + waiting.length !== options.abortAfter) return;
        commit();
        stop.abort(new Failure("cancelled", "The test stopped the run"));
      }),
    reject: (rows) => exclusive(() => void rejected.push(...rows)),
    flush: () => exclusive(commit),
    files: ledger,
    snapshots,
    hold: async (reason) => {
      if (options.approved?.includes(reason) !== true) throw new HeldInTest(reason);
    },
  };

  let finished = true;
  let held: string | undefined;
  try {
    await job.run(context);
    assert.ok(!busy, "run must not end before its last emit, reject or flush was awaited");
    commit();
  } catch (error) {
    if (error instanceof HeldInTest) held = error.message;
    else if (!signal.aborted || !isAbort(error, signal)) throw error;
    finished = false;
  }
  return {
    finished,
    held,
    rows: commits.flatMap((commit) => commit.rows),
    // Rejects after the last emit commit at the end of the run, and only if it gets there.
    rejected: [...commits.flatMap((commit) => commit.rejected), ...(finished ? rejected : [])],
    commits,
    target: job.into(config),
    progress,
    log: lines,
  };
}

class HeldInTest extends Error {}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Failure && error.kind === "cancelled");
}
