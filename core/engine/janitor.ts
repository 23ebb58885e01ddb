/**
 * Removes what nobody needs any more, now and then.
 *
 * @module
 */
import type { Log } from "../contracts/log.ts";

const HOUR = 3_600_000;

/** One place that is swept. */
export interface Sweep {
  /** What cannot be swept, where that fails: a sentence's subject. */
  readonly what: string;
  /** Sweeps, and logs what it removed. */
  sweep(log: Log): Promise<void>;
}

/** Sweeps at once, and every hour until it is disposed of. */
export class Janitor implements AsyncDisposable {
  readonly #timer: ReturnType<typeof setInterval>;
  #sweeping: Promise<void>;

  constructor(private readonly sweeps: readonly Sweep[], private readonly log: Log) {
    this.#sweeping = this.#sweep();
    this.#timer = setInterval(() => {
      this.#sweeping = this.#sweeping.then(() => this.#sweep());
    }, HOUR);
    Deno.unrefTimer(this.#timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    for (const { what, sweep } of this.sweeps) {
      try {
        await sweep(this.log);
      } catch (error) {
        this.log.warn(`${what} could not be swept: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
}
