/**
 * From work that must run within a callback to whoever takes its results one by one.
 *
 * @module
 */
import { abortFailure, Failure, throwIfAborted } from "../contracts/failure.ts";

/** How long work waits for what it handed over to be taken, in milliseconds: it holds a state of the database. */
const PATIENCE = 20_000;

/**
 * Yields what `work` hands over; it goes on when that was taken. Its signal is aborted when nobody takes any more, or
 * nobody took anything for 20 s, which is a Failure `transient`.
 */
export async function* handedOver<T>(
  work: (hand: (items: readonly T[]) => Promise<void>, signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): AsyncGenerator<T> {
  const left = new AbortController();
  const ended = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
  let items: readonly T[] | undefined;
  let news = Promise.withResolvers<void>();
  let end: { readonly failure?: unknown } | undefined;
  let taken: () => void = () => {};
  const hand = async (given: readonly T[]) => {
    throwIfAborted(ended);
    items = given;
    const wait = Promise.withResolvers<void>();
    taken = wait.resolve;
    const stop = () => wait.reject(abortFailure(ended));
    ended.addEventListener("abort", stop);
    const slow = setTimeout(() => left.abort(tooSlow()), PATIENCE);
    news.resolve();
    try {
      await wait.promise;
    } finally {
      clearTimeout(slow);
      ended.removeEventListener("abort", stop);
    }
  };
  const working = work(hand, ended).then(() => end = {}, (failure) => end = { failure }).finally(() => news.resolve());
  try {
    for (;;) {
      await news.promise;
      if (end !== undefined && "failure" in end) throw end.failure;
      if (items === undefined) return;
      const batch = items;
      items = undefined;
      news = Promise.withResolvers();
      yield* batch;
      if (end !== undefined) news.resolve();
      taken();
    }
  } finally {
    left.abort(new Failure("cancelled", "The rest of the list is not wanted"));
    await working;
  }
}

function tooSlow(): Failure {
  return new Failure("transient", "The list was not read for 20 s: it stays open only as long as it is read", {
    hint: "Read it faster, or in pages",
  });
}
