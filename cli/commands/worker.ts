/**
 * `worker`
 *
 * @module
 */
import type { Command, Noun } from "../command.ts";

const start: Command = {
  summary: "Executes queued runs beside a server, without answering HTTP; start as many as the machine bears",
  run: async (app) => {
    const { work } = await import("../../server/worker.ts");
    await work({ home: app.home, plugins: app.modules });
  },
};

/** A process that executes runs. */
export const worker: Noun = { self: start };
