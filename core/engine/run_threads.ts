/**
 * The two threads of a run: the one that executes it, and the one beside it.
 *
 * @module
 */
import { startHelper } from "./helper_thread.ts";
import type { FromRun, ToRun } from "./run_protocol.ts";

/** Threads that wait for a run. Disposing of them ends them, whatever they do. */
export interface RunThreads extends Disposable {
  readonly run: Worker;
  /** Leads to the second one. */
  readonly helper: MessagePort;
  /** Resolves when one of them has broken, with what to say of it. */
  readonly broken: Promise<string>;
}

/**
 * Starts both. They load what every run needs, and these plugins; whoever starts them early has them ready. The second
 * one starts when the first has loaded: what a run needs of it comes later, and until then it would keep them, and this
 * thread, from a processor.
 */
export function startRunThreads(plugins: readonly string[]): RunThreads {
  const { port1: helper, port2 } = new MessageChannel();
  const workers: Worker[] = [];
  const broken = Promise.withResolvers<string>();
  const add = (worker: Worker, thread: string) => {
    workers.push(worker);
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      broken.resolve(`The ${thread} ended: ${event.message}`);
    });
    return worker;
  };
  const run = add(
    new Worker(new URL("./run_worker.ts", import.meta.url), { type: "module", name: "run" }),
    "run's thread",
  );
  const prepared = ({ data }: MessageEvent<FromRun>) => {
    if (data.type !== "prepared") return;
    run.removeEventListener("message", prepared);
    add(startHelper(port2), "run's second thread");
  };
  run.addEventListener("message", prepared);
  run.postMessage({ type: "prepare", plugins } satisfies ToRun);
  return {
    run,
    helper,
    broken: broken.promise,
    [Symbol.dispose]: () => {
      run.removeEventListener("message", prepared);
      for (const worker of workers) worker.terminate();
    },
  };
}
