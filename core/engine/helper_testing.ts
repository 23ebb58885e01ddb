/**
 * A second thread for tests, which have no run of two threads.
 *
 * @module
 */
import { startHelper } from "./helper_thread.ts";

/** A Worker that waits for work, and the port by which it is told of it. */
export interface Helper {
  readonly worker: Worker;
  readonly port: MessagePort;
}

/** Starts one; whoever starts it ends it. */
export function startPortedHelper(): Helper {
  const { port1: port, port2 } = new MessageChannel();
  return { worker: startHelper(port2), port };
}
