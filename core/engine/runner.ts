/**
 * Takes runs from the queue and executes each in a Worker, with heartbeats from a thread that their work cannot starve.
 *
 * @module
 */
import { Failure, type FailureJson } from "../contracts/failure.ts";
import type { Progress } from "../contracts/job.ts";
import type { Log } from "../contracts/log.ts";
import type { Database } from "../database/database.ts";
import { endStalled } from "../database/postgres_stalled.ts";
import type { Processes } from "./processes.ts";
import { type Claim, LEASE, stoppedByRequest } from "./claim.ts";
import { describeError } from "./describe_error.ts";
import { saysDiskFull } from "./disk_full.ts";
import { claimRun, extendLeases, heldRuns, keepDuration } from "./queue.ts";
import { COMMAND_RETRIES, type RetryPlan, SERVER_RETRIES } from "./retry.ts";
import { UnwrittenEnds } from "./unwritten_ends.ts";
import type { FromRun, ToRun } from "./run_protocol.ts";
import { type RunThreads, startRunThreads } from "./run_threads.ts";

/** Between two looks at the queue, in milliseconds. */
const POLL = 400;
/** Between two heartbeats, in milliseconds: several fit into a lease. */
const BEAT = 5_000;
/** Between two notes of how long a run has worked, in milliseconds: what a killed attempt may lose of it. */
const KEEP = 800;
/** Runs at a time. */
const CONCURRENCY = 2;
/** How long a run may take to stop when the process goes down, in milliseconds. */
const DRAIN_TIMEOUT = 20_000;
/** How long a run may take to stop when it was asked to or was taken over, in milliseconds. */
const STOP_GRACE = 20_000;

/** What a runner needs. */
export interface RunnerOptions {
  readonly database: Database;
  readonly processes: Processes;
  readonly home: string;
  readonly plugins: readonly string[];
  /** `any` run of the queue, or only those that `add` names. */
  readonly takes: "any" | "own";
  /** Lines about a run get its id and its job's. */
  readonly log: Log;
  /** When runs that failed for a while try again; as suits what the runner takes unless told. */
  readonly retries?: RetryPlan;
  /** Milliseconds that a run may take to stop when it was asked to; 20,000 unless told. */
  readonly stopGrace?: number;
  /** Threads for the first run, where they were started before there was one; whoever started them ends them. */
  readonly threads?: RunThreads | undefined;
}

interface Active {
  readonly claim: Claim;
  /** When it was claimed, and when its time was noted last, by `performance.now`. */
  readonly claimedAt: number;
  keptAt: number;
  /** Whether it was added, and not taken because one of those waits for it. */
  readonly isOwn: boolean;
  /** Milliseconds that the attempts before have worked. */
  readonly workedBefore: number;
  readonly worker: Worker;
  readonly done: Promise<void>;
  /** Ends the thread at once; the run ends with the failure, or stays as it is. */
  readonly cutOff: (failure: FailureJson | undefined) => void;
  progress: Progress | undefined;
  /** When it was first asked to stop, by `performance.now`. */
  askedAt: number | undefined;
  /** Whether it went back to the queue: it comes again when its time has come. */
  released: boolean;
}

/** Executes runs until it is disposed of; then running work checkpoints and goes back to the queue. */
export class Runner implements AsyncDisposable {
  readonly #options: RunnerOptions;
  /** Runs to take where it takes its own alone; not those that it works on: whoever adds one of them wants it again. */
  readonly #own = new Set<string>();
  readonly #active = new Map<string, Active>();
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;
  #wake: () => void = () => {};
  #lastBeat = 0;
  #failing: unknown;
  /** The failure that was logged last; undefined since all went well. */
  #told: string | undefined;
  readonly #unwritten: UnwrittenEnds;
  #ready: RunThreads | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#ready = options.threads;
    this.#unwritten = new UnwrittenEnds(options.database, this.#retries);
    this.#loop = this.#run();
  }

  /**
   * Lets a runner that takes only its own runs take this one, and those of the same job that it has to wait for, and
   * looks at the queue at once; tells whether this is new to it.
   */
  add(run: string): boolean {
    const isNew = !this.#own.has(run) && !this.#active.has(run);
    this.#own.add(run);
    this.#wake();
    return isNew;
  }

  /** Looks at the queue at once. */
  wake(): void {
    this.#wake();
  }

  /** How far a run of this process is. */
  progress(run: string): Progress | undefined {
    return this.#active.get(run)?.progress;
  }

  /** Resolves when a run of this process ends here or is given back; undefined for one that it does not work on. */
  done(run: string): Promise<void> | undefined {
    return this.#active.get(run)?.done;
  }

  /**
   * Why a run that this process worked on came to a halt, where the database could not be written to say so; or why one
   * of its own cannot begin, or go on, where its disk is full.
   */
  halted(run: string): FailureJson | undefined {
    const waits = this.#own.has(run) && saysDiskFull(this.#failing);
    return this.#unwritten.get(run) ?? (waits ? describeError(this.#failing) : undefined);
  }

  /** The error that keeps the runner from working, if the last look at the queue failed. */
  get failing(): unknown {
    return this.#failing;
  }

  /** Stops taking runs; running ones commit, give their lease back, and go on at the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#loop;
    for (const { worker } of this.#active.values()) send(worker, { type: "abort", failure: "drain" });
    const late = setTimeout(() => {
      for (const { claim, cutOff } of this.#active.values()) {
        this.#options.log.warn(
          `Run "${claim.run}" did not stop in time and was cut off; its last commit stays`,
          about(claim),
        );
        cutOff(undefined);
      }
    }, DRAIN_TIMEOUT);
    await Promise.allSettled([...this.#active.values()].map(({ done }) => done));
    clearTimeout(late);
  }

  get #retries(): RetryPlan {
    const { retries, takes } = this.#options;
    return retries ?? (takes === "any" ? SERVER_RETRIES : COMMAND_RETRIES);
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#look();
        this.#tell(undefined);
      } catch (error) {
        this.#tell(error);
      }
      if (this.#stopping.signal.aborted) return;
      const timer = Promise.withResolvers<void>();
      const timeout = setTimeout(timer.resolve, POLL);
      this.#wake = timer.resolve;
      await timer.promise;
      clearTimeout(timeout);
    }
  }

  /** Logs what keeps the runner from working once, not at every look: the disk that the log is on may be the full one. */
  #tell(error: unknown): void {
    const { log } = this.#options;
    const message = error === undefined ? undefined : error instanceof Error ? error.message : String(error);
    if (message === undefined && this.#told !== undefined) log.info("The queue can be read and written again");
    else if (message !== this.#told) log.error(`The queue could not be read or written: ${message}`);
    this.#failing = error;
    this.#told = message;
  }

  async #look(): Promise<void> {
    const { database, processes } = this.#options;
    const began = performance.now();
    if (began - this.#lastBeat >= BEAT || this.#lastBeat === 0) {
      await processes.beat();
      await extendLeases(database, processes.id, [...this.#active.keys()]);
      // Its run cannot be taken over before.
      await endStalled(database, LEASE);
      // Only now: a heartbeat that failed is due again at the next look.
      this.#lastBeat = began;
    }
    await this.#unwritten.write();
    if (this.#active.size > 0) await this.#watch();
    await this.#keepDurations();
    await processes.forgetDead();
    while (this.#active.size < CONCURRENCY && !this.#stopping.signal.aborted) {
      const filter = this.#options.takes === "any" ? "any" : [...this.#own];
      const claim = await claimRun(database, processes.id, filter, [...this.#active.keys()]);
      if (claim === undefined) break;
      const claimedAt = performance.now();
      const before = await database.kysely.selectFrom("runs").select(["duration_ms", "attempts"])
        .where("account_id", "=", claim.account).where("id", "=", claim.run).executeTakeFirstOrThrow();
      const isOwn = this.#own.delete(claim.run);
      if (this.#options.takes === "own" && !isOwn) {
        const what = before.attempts > 1 ? "was interrupted; it goes on first" : "was queued before; it goes first";
        this.#options.log.info(`Run "${claim.run}" of this job ${what}`, about(claim));
      }
      this.#start(claim, { claimedAt, isOwn, workedBefore: before.duration_ms });
    }
  }

  /** Keeps what a killed attempt would else not count. */
  async #keepDurations(): Promise<void> {
    for (const active of this.#active.values()) {
      const now = performance.now();
      if (now - active.keptAt < KEEP) continue;
      const worked = active.workedBefore + Math.round(now - active.claimedAt);
      await keepDuration(this.#options.database, active.claim, worked);
      active.keptAt = now;
    }
  }

  /** Stops what was asked to stop or was taken over; what does not listen is cut off after a while. */
  async #watch(): Promise<void> {
    const held = await heldRuns(this.#options.database, this.#options.processes.id);
    const { log, stopGrace = STOP_GRACE } = this.#options;
    for (const active of this.#active.values()) {
      const { claim, worker, cutOff } = active;
      const own = held.find(({ run, fence }) => run === claim.run && fence === claim.fence);
      // A run that ended just now is not held either: then there is nothing left to abort.
      const why = own === undefined
        ? "The run was taken over by another process"
        : own.stopRequested
        ? stoppedByRequest().message
        : undefined;
      if (why === undefined) continue;
      active.askedAt ??= performance.now();
      if (performance.now() - active.askedAt < stopGrace) {
        send(worker, { type: "abort", failure: new Failure("cancelled", why).toJSON() });
        continue;
      }
      // Once is enough, however long it takes to write how it ended.
      active.askedAt = Infinity;
      log.warn(`Run "${claim.run}" did not stop when asked and was cut off; its last commit stays`, about(claim));
      cutOff(new Failure("cancelled", `${why}; it did not stop when asked and was cut off`).toJSON());
    }
  }

  #start(claim: Claim, { claimedAt, isOwn, workedBefore }: Pick<Active, "claimedAt" | "isOwn" | "workedBefore">): void {
    const { home, plugins, log } = this.#options;
    const threads = this.#ready ?? startRunThreads(plugins);
    this.#ready = undefined;
    const { run: worker, helper } = threads;
    const ended = Promise.withResolvers<FailureJson | undefined>();
    const active: Active = {
      claim,
      claimedAt,
      isOwn,
      keptAt: claimedAt,
      workedBefore,
      worker,
      done: this.#settle(claim, threads, ended.promise),
      cutOff: ended.resolve,
      progress: undefined,
      askedAt: undefined,
      released: false,
    };
    this.#active.set(claim.run, active);
    worker.addEventListener("message", ({ data }: MessageEvent<FromRun>) => {
      if (data.type === "prepared") return;
      if (data.type === "progress") active.progress = data.progress;
      else if (data.type === "log") log[data.level](data.message, { ...about(claim), ...data.fields });
      else {
        active.released = data.type === "end" && data.end === "released";
        ended.resolve(data.type === "broken" ? data.failure : undefined);
      }
    });
    threads.broken.then((message) => {
      log.error(message, about(claim));
      ended.resolve({ kind: "bug", message, hint: "Report it with the log of this run", code: null });
    });
    const start: ToRun = {
      type: "start",
      home,
      plugins,
      claim,
      claimedAt: performance.timeOrigin + claimedAt,
      workedBefore,
      retries: this.#retries,
      helper,
    };
    worker.postMessage(start, [helper]);
  }

  /** Waits for a run's end; a run whose thread broke is ended here, if it still is ours. */
  async #settle(claim: Claim, threads: RunThreads, ended: Promise<FailureJson | undefined>): Promise<void> {
    const { log } = this.#options;
    const failure = await ended;
    threads[Symbol.dispose]();
    const { isOwn = false, released = false } = this.#active.get(claim.run) ?? {};
    let goesOn = released;
    try {
      if (failure !== undefined) goesOn = await this.#unwritten.end(claim, failure);
    } catch (error) {
      log.error(`How run "${claim.run}" ended could not be written: ${error}`, about(claim));
      goesOn = true;
    } finally {
      if (goesOn && isOwn) this.#own.add(claim.run);
      this.#active.delete(claim.run);
      this.#wake();
    }
  }
}

/** What every line about a run says. */
function about({ run, job }: Claim): { readonly run: string; readonly job?: string } {
  return job === undefined ? { run } : { run, job };
}

function send(worker: Worker, message: ToRun): void {
  worker.postMessage(message);
}
