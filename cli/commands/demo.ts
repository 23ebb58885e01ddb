/**
 * `demo`
 *
 * @module
 */
import type { Command, Noun } from "../command.ts";

const start: Command = {
  summary: "Imports examples/customers.csv and shows what happened",
  runner: "cli",
  home: ".waybill/demo",
  run: async (app) => {
    app.useSqlite();
    const { runDemo } = await import("../demo.ts");
    return await runDemo(app);
  },
};

/** The demonstration. */
export const demo: Noun = { self: start };
