/**
 * Waiting before a request is made again.
 *
 * @module
 */
import { abortFailure } from "@waybill/waybill";

/** The longest that is waited before one attempt, in milliseconds; a server that asks for more is left for later. */
export const LONGEST_PAUSE = 60_000;

/** Before the second attempt, in milliseconds; doubled for each one after it. */
const FIRST_PAUSE = 250;

/**
 * How long to wait after `attempt` (from 1) failed: what the server's `Retry-After` says (seconds or an HTTP date, RFC
 * 9110, 10.2.3), else a quarter of a second, doubled each time, less up to half of it by chance, so that clients which
 * failed together do not come back together.
 */
export function pauseAfter(attempt: number, retryAfter: string | null, now: number, chance: number): number {
  const asked = retryAfter === null ? undefined : askedFor(retryAfter.trim(), now);
  return asked ?? Math.min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE) * (1 - chance / 2);
}

function askedFor(retryAfter: string, now: number): number | undefined {
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Waits, or throws what `signal` stands for as soon as it is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw abortFailure(signal);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const stop = () => reject(abortFailure(signal));
  signal.addEventListener("abort", stop, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
