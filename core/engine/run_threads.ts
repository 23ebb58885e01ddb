/**
 * The two threads of a run: the one that executes it, and the one beside it.
 *
 * @module
 */
import { type Helper, startHelper } from "./helper_thread.ts";
import type { ToRun } from "./run_protocol.ts";

/** Threads that wait for a run. Disposing of them ends them, whatever they do. */
export interface RunThreads extends Disposable {
  readonly run: Worker;
  readonly helper: Helper;
  /** Resolves when one of them has broken, with what to say of it. */
  readonly broken: Promise<string>;
}

/** Starts both. They load what every run needs, and these plugins; whoever starts them early has them ready. */
export function startRunThreads(plugins: readonly string[]): RunThreads {
  const run = new Worker(new URL("./run_worker.ts", import.meta.url), { type: "module", name: "run" });
  const helper = startHelper();
  const broken = Promise.withResolvers<string>();
  const listen = (worker: Worker, thread: string) =>
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      broken.resolve(`The ${thread} ended: ${event.message}`);
    });
  listen(run, "run's thread");
  listen(helper.worker, "run's second thread");
  run.postMessage({ type: "prepare", plugins } satisfies ToRun);
  return {
    run,
    helper,
    broken: broken.promise,
    [Symbol.dispose]: () => {
      run.terminate();
      helper.worker.terminate();
    },
  };
}
