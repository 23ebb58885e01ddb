/**
 * Ctrl-C and SIGTERM while something runs: first stop in good order, then at once.
 *
 * @module
 */
import { FAILURE_HANDLING } from "../core/contracts/failure.ts";

/** Calls `stop` at the first signal; the second ends the process with the exit code of what was cancelled. */
export function onInterrupt(stop: () => void): Disposable {
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  let seen = 0;
  const listener = () => {
    if (++seen > 1) Deno.exit(FAILURE_HANDLING.cancelled.exitCode);
    stop();
  };
  for (const signal of signals) Deno.addSignalListener(signal, listener);
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) Deno.removeSignalListener(signal, listener);
    },
  };
}
