/**
 * `worker`
 *
 * @module
 */
import type { Command, Noun } from "../command.ts";
import { LOG_FLAGS, logOptions } from "../log_flags.ts";

const start: Command = {
  summary: "Executes queued runs beside a server, without answering HTTP; start as many as the machine bears",
  flags: LOG_FLAGS,
  run: async (app, args) => {
    const { createLog } = await import("../../core/engine/log.ts");
    const { openRuntime } = await import("../../core/engine/open.ts");
    const { stopSignal } = await import("../../server/stop_signal.ts");
    const log = createLog(logOptions(args, app.out));
    using stop = stopSignal();
    await using _runtime = await openRuntime({ home: app.home, plugins: app.modules, runner: "worker", log });
    log.info("Waiting for runs");
    if (!stop.signal.aborted) await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
    log.info("Stopping: running work is handed back");
  },
};

/** A process that executes runs. */
export const worker: Noun = { self: start };
