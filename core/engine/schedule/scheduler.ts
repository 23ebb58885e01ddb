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

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const { database, clock, exportClock } = options;
    const schedules = heedful(clock ?? (() => database.now()), () => this.#heedPutBack(), () => this.#attend());
    const exports = heedful(
      exportClock ?? (() => database.now()),
      () => heedPutBackExports(database, exportClock),
      () => this.#attendExports(),
    );
    // Apart from each other: an export that cannot be queued, or a mail server that takes its time, keeps no job waiting.
    this.#loops = [
      this.#repeat("The schedules could not be looked at", schedules),
      this.#repeat("The exports could not be looked at", exports),
      this.#repeat("Notices could not be looked at", () => this.#deliver()),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  async #heedPutBack(): Promise<void> {
    const { database, log, clock } = this.#options;
    for (const job of await heedPutBack(database, clock)) {
      log.warn("The clock was put back: a job is due when its schedule says, not later", { job });
    }
  }

  async #attendExports(): Promise<void> {
    const { database, log, exportClock } = this.#options;
    for (const run of await attendExports(database, exportClock, this.#stopping.signal)) {
      log.info("An export is due: its run is queued", { run });
    }
  }

  async #attend(): Promise<void> {
    const { database, log, clock } = this.#options;
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

/** A look at what is due, which heeds a clock that was put back since the last one; before the first it may have been. */
function heedful(
  clock: () => Promise<number>,
  heed: () => Promise<void>,
  attend: () => Promise<void>,
): () => Promise<void> {
  let looked = Infinity;
  return async () => {
    const now = await clock();
    if (now < looked) await heed();
    looked = now;
    await attend();
  };
}
