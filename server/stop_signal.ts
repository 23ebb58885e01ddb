/**
 * When a process that runs until it is told to stop is told so.
 *
 * @module
 */

/** A signal that follows SIGTERM and SIGINT. The second of them ends the process: only the first is caught. */
export function stopSignal(): Disposable & { readonly signal: AbortSignal } {
  const stop = new AbortController();
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGTERM", "SIGINT"];
  let listening = true;
  const release = () => {
    if (listening) { for (const name of signals) Deno.removeSignalListener(name, caught); }
    listening = false;
  };
  const caught = () => {
    release();
    stop.abort();
  };
  for (const name of signals) Deno.addSignalListener(name, caught);
  return { signal: stop.signal, [Symbol.dispose]: release };
}

/** Resolves when a signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
