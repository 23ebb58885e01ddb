/**
 * Waiting before a request is made again.
 *
 * @module
 */
import { throwIfAborted } from "@waybill/waybill";

/** The longest that is waited before one attempt, in milliseconds; an endpoint that asks for more is left for later. */
export const LONGEST_WAIT = 60_000;

/** Before the second attempt, in milliseconds. */
const FIRST_WAIT = 250;

/**
 * Milliseconds until the attempt after the `failed`th: as long as `Retry-After` says (seconds or a date, RFC 9110,
 * 10.2.3); without it a time that doubles, of which `chance` (0 to 1) takes half at most, lest all come back at once.
 */
export function waitAfter(failed: number, retryAfter: string | null, now: number, chance: number): number {
  const seconds = /^\s*(\d{1,9})\s*$/.exec(retryAfter ?? "")?.[1];
  if (seconds !== undefined) return Number(seconds) * 1_000;
  const date = Date.parse(retryAfter ?? "");
  if (!Number.isNaN(date)) return Math.max(0, date - now);
  return Math.min(FIRST_WAIT * 2 ** (failed - 1), LONGEST_WAIT) * (1 - chance / 2);
}

/** Waits; throws what `signal` stands for as soon as it is aborted. */
export async function waitFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const timer = setTimeout(end, milliseconds);
  const stop = () => end();
  signal.addEventListener("abort", stop, { once: true });
  if (!signal.aborted) await over;
  clearTimeout(timer);
  signal.removeEventListener("abort", stop);
  throwIfAborted(signal);
}
