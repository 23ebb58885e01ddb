/**
 * The second thread of a run: it compares and commits what an import reads, or reads what an export writes.
 *
 * @module
 */

/**
 * Starts a Worker for what `beginBeside` asks for: whoever asks has the other end of the port, perhaps on another thread. Only a process's first thread should start one: a Worker's own Worker answers a
 * second later (Deno 2.9, measured: 1,030 ms against 20 ms, whatever the threads do).
 */
export function startHelper(port: MessagePort): Worker {
  const worker = new Worker(new URL("./helper_worker.ts", import.meta.url), { type: "module", name: "helper" });
  worker.postMessage(port, [port]);
  return worker;
}
