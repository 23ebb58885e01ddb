/**
 * The second thread of a run: it commits what an import reads, or reads what an export writes.
 *
 * @module
 */

/** A Worker that waits for a run, and the port by which the run's own thread speaks to it. */
export interface Helper {
  readonly worker: Worker;
  readonly port: MessagePort;
}

/**
 * Starts a Worker for a `CommitThread`, a `ReplayThread` or an export's `openReadingBeside`, which may be on another
 * thread: its port can be transferred. Only a process's first thread should start one: a Worker's own Worker answers a
 * second later (Deno 2.9, measured: 1,030 ms against 20 ms, whatever the threads do).
 */
export function startHelper(): Helper {
  const { port1: port, port2 } = new MessageChannel();
  return { worker: startHelperAt(port2), port };
}

/** The same for the other end of a port that somebody has. */
export function startHelperAt(port: MessagePort): Worker {
  const worker = new Worker(new URL("./helper_worker.ts", import.meta.url), { type: "module", name: "helper" });
  worker.postMessage(port, [port]);
  return worker;
}
