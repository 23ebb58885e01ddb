/**
 * Work that is waited for only so long.
 *
 * @module
 */
import { abortFailure, Failure, throwIfAborted } from "../contracts/failure.ts";
import { untilAborted } from "../files/failures.ts";

/**
 * Runs `work` and waits `milliseconds` for it at most, even where it pays no heed to its signal: then a Failure
 * `transient` that says what did not finish. The signal is aborted as soon as this settles.
 */
export async function withDeadline<T>(
  what: string,
  milliseconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  throwIfAborted(signal);
  const stop = new AbortController();
  const expire = () =>
    stop.abort(
      new Failure("transient", `${what} did not finish within ${milliseconds / 1000} seconds`, {
        hint: "Try again; if it stays slow, look at the other side and the network",
      }),
    );
  const forward = () => stop.abort(signal && abortFailure(signal));
  const timer = setTimeout(expire, milliseconds);
  signal?.addEventListener("abort", forward, { once: true });
  try {
    return await untilAborted(work(stop.signal), stop.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", forward);
    stop.abort();
  }
}
