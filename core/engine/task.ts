/**
 * Tasks: work of the engine's own that is done as a run, so that it is seen, stopped, retried and resumed like any other.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Progress } from "../contracts/job.ts";
import type { Log } from "../contracts/log.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { Core } from "./core.ts";
import type { Claim } from "./claim.ts";

/**
 * Thrown by a task that has to wait for another run: where runs are executed for whoever asks, it comes again soon, as
 * often as it takes; a command that was to do this one alone ends with it.
 */
export class WaitsForRun extends Failure {}

/** What a task gets. */
export interface TaskContext {
  readonly core: Core;
  readonly claim: Claim;
  /** What it was queued with. */
  readonly config: { readonly [key: string]: JsonValue };
  /** The position that it has durably reached; undefined at its first start. */
  readonly checkpoint: JsonValue | undefined;
  /** Ends the work; what is committed stays, and the task goes on from there. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Leads to the Worker beside the task's own, which can commit as `commit` does; without one, this thread commits. */
  readonly helper?: MessagePort | undefined;
  progress(progress: Progress): void;
  /** Takes a sentence that the user should read. */
  note(sentence: string): void;
  /**
   * Commits work and the position reached after it in one transaction, unless the run was taken over or asked to stop.
   * `work` gives the position and what it did to profiles.
   */
  commit(work: (transaction: Transaction<Tables>) => Promise<TaskStep>): Promise<void>;
}

/** What a commit of a task did. */
export interface TaskStep {
  readonly checkpoint: JsonValue;
  /** Events read, where it reads events. */
  readonly read?: number;
  readonly profilesCreated?: number;
  readonly profilesUpdated?: number;
}

/** One kind of task. */
export interface Task {
  /** Kebab-case; no job type has it. */
  readonly id: string;
  /** Does it, from the checkpoint on; done when it resolves. */
  work(context: TaskContext): Promise<void>;
}
