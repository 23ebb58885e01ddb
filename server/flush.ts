/**
 * What a gathering log holds back is written when its thread ends.
 *
 * @module
 */
import type { GatheringLog } from "../core/engine/log.ts";

/** Whatever ends the process or the thread: what was logged by then is written. */
export function flushAtTheEnd(log: GatheringLog): Disposable {
  const ends = ["unload", "error", "unhandledrejection"] as const, flush = () => log.flush();
  for (const end of ends) globalThis.addEventListener(end, flush);
  return {
    [Symbol.dispose]: () => {
      for (const end of ends) globalThis.removeEventListener(end, flush);
      flush();
    },
  };
}
