/**
 * How a run's thread has work done by the Worker beside it.
 *
 * @module
 */
import type { CommitStart } from "./commit_protocol.ts";
import type { ComparisonStart } from "./comparison_protocol.ts";
import type { ReadingStart } from "./exports/reading_protocol.ts";

/** What the Worker can do; it does several things by turns. */
export type BesideStart = CommitStart | ComparisonStart | ReadingStart;

/** To the Worker: what to begin, and the port by which all else of it is said. */
export interface ToBeside {
  readonly start: BesideStart;
  readonly port: MessagePort;
}

/** Has something begun. All else of it is said through the port that it gives, which whoever asked for it closes. */
export function beginBeside(helper: MessagePort, start: BesideStart): MessagePort {
  const { port1, port2 } = new MessageChannel();
  helper.postMessage({ start, port: port2 } satisfies ToBeside, [port2]);
  return port1;
}
