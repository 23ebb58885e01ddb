/**
 * How runs ended whose thread could not write it itself: it broke, or the database could not be written.
 *
 * @module
 */
import { Failure, type FailureJson } from "../contracts/failure.ts";
import type { Database } from "../database/database.ts";
import { type Claim, LeaseLost } from "./claim.ts";
import { finishRun, heedStop, postponeRun } from "./queue.ts";
import { type RetryPlan, waitBeforeRetry } from "./retry.ts";

/** The ends that are still to be written, by run. */
export class UnwrittenEnds {
  readonly #ends = new Map<string, { readonly claim: Claim; readonly failure: FailureJson }>();

  constructor(private readonly database: Database, private readonly retries: RetryPlan) {}

  /** Why a run came to a halt, while that is not written yet. */
  get(run: string): FailureJson | undefined {
    return this.#ends.get(run)?.failure;
  }

  /**
   * Writes that a run failed, or that it tries again after a while; true when it goes on. What cannot be written (a
   * full disk) is kept for {@linkcode write}, and thrown.
   */
  async end(claim: Claim, failure: FailureJson): Promise<boolean> {
    try {
      const goesOn = await this.#write(claim, failure);
      this.#ends.delete(claim.run);
      return goesOn;
    } catch (error) {
      if (error instanceof Failure && error.kind === "transient") this.#ends.set(claim.run, { claim, failure });
      else this.#ends.delete(claim.run);
      if (error instanceof LeaseLost) return false;
      throw error;
    }
  }

  /** Writes what could not be written before; throws when it still cannot. */
  async write(): Promise<void> {
    for (const { claim, failure } of [...this.#ends.values()]) await this.end(claim, failure);
  }

  async #write(claim: Claim, failure: FailureJson): Promise<boolean> {
    const now = await this.database.now();
    return await this.database.write(async (transaction) => {
      const run = await transaction.selectFrom("runs").select(["retries", "stop_requested"])
        .where("account_id", "=", claim.account).where("id", "=", claim.run).executeTakeFirstOrThrow();
      const wait = waitBeforeRetry(this.retries, { failure, retries: run.retries, connected: true });
      const next = wait === undefined ? undefined : { failure, until: now + wait, retries: run.retries + 1 };
      if (next !== undefined && await postponeRun(transaction, claim, next)) return true;
      const status = failure.kind === "cancelled" ? "cancelled" : "failed";
      await finishRun(transaction, claim, heedStop({ status, failure }, run.stop_requested === 1), now);
      return false;
    });
  }
}
