/**
 * `demo`
 *
 * @module
 */
import type { Command, Noun } from "../command.ts";

const start: Command = {
  summary: "Uploads examples/customers.csv over SFTP, imports it, and shows what happened",
  flags: [{ name: "keep", kind: "switch", help: "Go on serving SFTP and HTTP until Ctrl-C" }],
  runner: "cli",
  home: ".waybill/demo",
  run: async (app, args) => {
    app.useSqlite();
    const { runDemo } = await import("../demo/demo.ts");
    return await runDemo(app, args.on("keep") === true);
  },
};

/** The demonstration. */
export const demo: Noun = { self: start };
