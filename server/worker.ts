/**
 * A worker as a process: it executes queued runs, and answers nobody.
 *
 * @module
 */
import { createLog, type LogOptions } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import { stopSignal } from "./stop_signal.ts";

/** What a worker needs. */
export interface WorkOptions {
  /** Data directory. */
  readonly home: string;
  /** Module specifiers of the plugins. */
  readonly plugins: readonly string[];
  /** How to write the log. */
  readonly log?: LogOptions;
}

/** Executes runs until a signal says to stop; then running work checkpoints and gives its lease back. */
export async function work(options: WorkOptions): Promise<void> {
  const log = createLog(options.log);
  using stop = stopSignal();
  await using _runtime = await openRuntime({ home: options.home, plugins: options.plugins, runner: "worker", log });
  log.info("Waiting for runs");
  if (!stop.signal.aborted) await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
  log.info("Stopping: running work is handed back");
}
