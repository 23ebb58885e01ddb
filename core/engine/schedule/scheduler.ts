/**
 * The part of a serving process that begins the runs of continuous jobs, and delivers what people are to be told.
 *
 * @module
 */
import type { Log } from "../../contracts/log.ts";
import type { Database } from "../../database/database.ts";
import { attendExports } from "../exports/refresh.ts";
import { deliver } from "../notify/deliver.ts";
import { attend } from "./attend.ts";
import { heedPutBack, heedPutBackExports } from "./put_back.ts";

/** Between two looks, in milliseconds. */
const POLL = 1_000;

/** What a scheduler needs. */
export interface SchedulerOptions {
  readonly database: Database;
  readonly log: Log;
  /** Another clock than the database's, for tests. */
  readonly clock?: () => Promise<number>;
  /** The same for the exports that the bulk APIs fetch. */
  readonly exportClock?: () => Promise<number>;
  /** Milliseconds between two looks; 1,000 unless told. */
  readonly poll?: number;
}

/**
 * Looks at what is due until it is disposed of. There may be one in each of several processes: what one does, no other
 * does again.
 */
export class Scheduler implements AsyncDisposable {
  readonly #options: SchedulerOptions;
  readonly #stopping = new AbortController();
  readonly #loops: readonly Promise<void>[];
  /** The time of the last look; before the first one, the clock may have been put back. */
  #looked = Infinity;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    // Apart from each other: a mail server that takes its time keeps no job from running.
    this.#loops = [
      this.#repeat("The schedules could not be looked at", () => this.#attend()),
      this.#repeat("Notices could not be looked at", () => this.#deliver()),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  async #attend(): Promise<void> {
    const { database, log, clock, exportClock } = this.#options;
    const now = await (clock ?? (() => database.now()))();
    if (now < this.#looked) {
      await heedPutBackExports(database, exportClock);
      for (const job of await heedPutBack(database, clock)) {
        log.warn("The clock was put back: a job is due when its schedule says, not later", { job });
      }
    }
    this.#looked = now;
    for (const run of await attendExports(database, exportClock, this.#stopping.signal)) {
      log.info("An export is due: its run is queued", { run });
    }
    const { queued, passed, missed } = await attend(database, clock, this.#stopping.signal);
    for (const run of queued) log.info("A job is due: its run is queued", { run });
    for (const job of passed) log.info("A job is due while a run of it has not ended: no other is queued", { job });
    for (const job of missed) log.warn("Nothing new came for a job by the time it was expected", { job });
  }

  async #deliver(): Promise<void> {
    const { database, log, clock } = this.#options;
    await deliver(database, log, this.#stopping.signal, clock);
  }

  /** Does work again and again; what keeps it from being done is logged when it begins, not at every look. */
  async #repeat(trouble: string, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    let told: string | undefined;
    while (!signal.aborted) {
      try {
        await work();
        told = undefined;
      } catch (error) {
        const message = `${trouble}: ${error instanceof Error ? error.message : error}`;
        if (message !== told) this.#options.log.error(message);
        told = message;
      }
      await this.#pause(signal);
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#options.poll ?? POLL);
    const stop = () => resolve();
    signal.addEventListener("abort", stop, { once: true });
    await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
