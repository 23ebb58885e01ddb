/**
 * When a run that failed as `transient` tries again by itself.
 *
 * @module
 */
import { FAILURE_HANDLING, type FailureJson } from "../contracts/failure.ts";

/** How often, and after which waits. */
export interface RetryPlan {
  /** Milliseconds before each further try, before jitter; there are as many further tries as waits. */
  readonly waits: readonly number[];
  /** Whether a run that has not once reached the other side tries again, too. */
  readonly unconnected: boolean;
}

/** A server's runs: nobody waits for them, and the other side may be down for minutes. */
export const SERVER_RETRIES: RetryPlan = { waits: [5_000, 30_000, 120_000, 600_000], unconnected: true };

/** Runs that somebody waits for: a mistyped host is to be told at once, and a hiccup to be got over. */
export const COMMAND_RETRIES: RetryPlan = { waits: [2_000, 6_000], unconnected: false };

/** How an attempt failed. */
export interface FailedAttempt {
  readonly failure: FailureJson;
  /** Tries by itself since something was committed last. */
  readonly retries: number;
  /** Whether this or an earlier attempt reached the other side. */
  readonly connected: boolean;
}

/** Milliseconds until the next try, a fifth more or less, so that runs that failed together do not come back together. */
export function waitBeforeRetry(plan: RetryPlan, { failure, retries, connected }: FailedAttempt): number | undefined {
  if (failure.kind === "bug" || !FAILURE_HANDLING[failure.kind].retry) return undefined;
  if (!connected && !plan.unconnected) return undefined;
  const wait = plan.waits[retries];
  return wait === undefined ? undefined : Math.round(wait * (0.8 + Math.random() * 0.4));
}
