/**
 * The plugin `staged`, whose job does what its configuration says: for the runner's tests, whose Workers load it.
 *
 * @module
 */
import { z } from "zod";
import { defineAuth } from "../contracts/auth.ts";
import { abortFailure, Failure } from "../contracts/failure.ts";
import { defineJob } from "../contracts/job.ts";
import { definePlugin, type PluginDefinition } from "../contracts/plugin.ts";
import { defineProvider } from "../contracts/provider.ts";

const auth = defineAuth({
  id: "staged-open",
  title: "Open",
  summary: "Needs nothing.",
  config: z.object({}),
  connect: async () => ({ [Symbol.asyncDispose]: async () => {} }),
  check: async function* () {},
});

const provider = defineProvider({ id: "staged", title: "Staged", summary: "Does as told.", auths: [auth] });

/** What the job does once it has handed over its rows. */
const ACTS = ["finish", "wait", "crash", "fail", "throw", "deaf", "drop", "away", "hold"] as const;

const job = defineJob({
  id: "staged-import",
  title: "Import",
  summary: "Imports rows 1 to `rows`, then acts at its first start.",
  provider,
  direction: "import",
  auths: [auth],
  config: z.object({ stream: z.string(), rows: z.int().default(3), act: z.enum(ACTS).default("finish") }),
  checkpoint: z.object({ row: z.int() }),
  into: ({ stream }) => ({ stream, identifyBy: ["id"] }),
  run: async ({ config, checkpoint, emit, flush, hold, progress, signal, log }) => {
    if (config.act === "away") throw new Failure("transient", "The other side is away");
    for (let row = (checkpoint?.row ?? 0) + 1; row <= config.rows; row++) {
      await emit([{ fields: { id: String(row) } }], { row });
    }
    await flush();
    progress({ done: config.rows, unit: "rows" });
    log.info("All rows are handed over", { rows: config.rows });
    if (config.act === "hold") {
      for (const reason of ["Half of the rows are gone", "So is the header"]) await hold(reason);
    }
    // Resumed, there is nothing left to do: tests see that the rows were not given again.
    if (checkpoint !== undefined) return;
    switch (config.act) {
      case "wait":
        log.warn("It waits");
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(abortFailure(signal))));
        break;
      case "crash":
        setTimeout(() => {
          throw new Error("Nobody catches this");
        });
        await new Promise(() => {});
        break;
      case "fail":
        throw new Failure("data", "The file is broken", { hint: "Mend it" });
      case "deaf":
        // Neither its signal nor anything else gets through to it.
        for (;;);
      case "drop":
        log.warn("The line is bad");
        throw new Failure("transient", "The line dropped");
      case "throw":
        throw new TypeError("undefined is not a function");
    }
  },
});

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "staged",
  version: "1.0.0",
  api: 1,
  providers: [provider],
  jobs: [job],
});
