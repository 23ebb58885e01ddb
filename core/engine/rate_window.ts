/**
 * A sliding window: how many requests are let in within a time, whenever that time begins.
 *
 * @module
 */

/** How many requests a key may make of one kind. */
export interface RateLimit {
  /** Requests that are let in within any `seconds`. */
  readonly requests: number;
  readonly seconds: number;
}

/** What became of one request. */
export interface Admission {
  readonly admitted: boolean;
  readonly limit: RateLimit;
  /** Requests that would be let in now. */
  readonly remaining: number;
  /**
   * Seconds, rounded up, until one more than `remaining` would be let in. Where the request was refused it is the first
   * whole second that succeeds; 0 while nothing counts.
   */
  readonly reset: number;
}

/** Those of some stamps that still count at `now`; milliseconds, ascending. A clock that was put back counts as now. */
export function counting(stamps: readonly number[], { seconds }: RateLimit, now: number): number[] {
  const since = now - seconds * 1_000;
  return stamps.filter((stamp) => stamp > since).map((stamp) => Math.min(stamp, now));
}

/** When one more request is let in than now, by the stamps that count; undefined while none does. */
export function nextFree(stamps: readonly number[], { requests, seconds }: RateLimit): number | undefined {
  // Fewer may be allowed than when the stamps were made.
  const leaving = stamps[Math.max(0, stamps.length - requests)];
  return leaving === undefined ? undefined : leaving + seconds * 1_000;
}

/** What became of a request, by the stamps that count after it. */
export function admission(
  admitted: boolean,
  stamps: readonly number[],
  limit: RateLimit,
  now: number,
): Admission {
  const free = nextFree(stamps, limit);
  return {
    admitted,
    limit,
    remaining: Math.max(0, limit.requests - stamps.length),
    reset: free === undefined ? 0 : Math.ceil((free - now) / 1_000),
  };
}
