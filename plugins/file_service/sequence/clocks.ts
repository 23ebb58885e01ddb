/**
 * The clocks of this machine, as a pass uses them.
 *
 * @module
 */
import { abortFailure } from "@waybill/waybill";

/** Clocks; tests bring their own. */
export interface Clocks {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds since some moment; nobody sets this one. */
  elapsed(): number;
  /** Waits; throws when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** This machine's. */
export const OWN_CLOCKS: Clocks = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(abortFailure(signal));
      const end = () => {
        clearTimeout(timer);
        reject(abortFailure(signal));
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", end);
        resolve();
      }, milliseconds);
      signal.addEventListener("abort", end, { once: true });
    }),
};
