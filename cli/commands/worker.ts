/**
 * `worker`
 *
 * @module
 */
import { LOG_FLAGS, logOptions } from "../log_flags.ts";
import type { Command, Noun } from "../command.ts";

const start: Command = {
  summary: "Executes queued runs beside a server, without answering HTTP; start as many as the machine bears",
  flags: LOG_FLAGS,
  run: async (app, args) => {
    const { work } = await import("../../server/worker.ts");
    await work({ home: app.home, plugins: app.modules, log: logOptions(args, app.out) });
  },
};

/** A process that executes runs. */
export const worker: Noun = { self: start };
