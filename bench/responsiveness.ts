/**
 * How long a process keeps others waiting: the gaps of its event loop, and the latency of its answers.
 *
 * @module
 */

/** Between two ticks, in milliseconds. */
const TICK = 10;

/** What was measured. */
export interface Responsiveness {
  /** Requests that were answered with status 200. */
  readonly answers: number;
  /** Requests that were not. */
  readonly failures: number;
  /** The slowest answer, in milliseconds. */
  readonly worst: number;
  /** The slowest but for one in a hundred, in milliseconds. */
  readonly p99: number;
  /** The longest time in which this process's event loop did nothing else, in milliseconds. */
  readonly longestGap: number;
}

/** Asks `url` again and again, one request at a time, until `end` is settled. */
export async function measureResponsiveness(url: string, end: Promise<unknown>): Promise<Responsiveness> {
  let ended = false;
  const finished = end.finally(() => ended = true);
  let last = performance.now();
  let longestGap = 0;
  const ticking = setInterval(() => {
    const now = performance.now();
    longestGap = Math.max(longestGap, now - last - TICK);
    last = now;
  }, TICK);
  const latencies: number[] = [];
  let failures = 0;
  try {
    while (!ended) {
      const asked = performance.now();
      const response = await fetch(url);
      await response.body?.cancel();
      if (response.status === 200) latencies.push(performance.now() - asked);
      else failures++;
      await new Promise((resolve) => setTimeout(resolve, TICK));
    }
    await finished;
  } finally {
    clearInterval(ticking);
  }
  latencies.sort((a, b) => a - b);
  return {
    answers: latencies.length,
    failures,
    worst: latencies.at(-1) ?? NaN,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? NaN,
    longestGap,
  };
}
