/**
 * `serve`
 *
 * @module
 */
import { LOG_FLAGS, logOptions } from "../log_flags.ts";
import type { Command, Noun } from "../command.ts";

const start: Command = {
  summary: "Starts the HTTP server, with the worker that executes runs",
  flags: [
    { name: "host", kind: "value", value: "ADDRESS", help: "Address to listen on [default: 127.0.0.1]" },
    { name: "port", kind: "value", value: "NUMBER", help: "Port to listen on, 0 for any free one [default: 8080]" },
    ...LOG_FLAGS,
  ],
  run: async (app, args) => {
    const port = args.integer("port", 0, 65_535);
    const { DEFAULT_HOST, DEFAULT_PORT, serve } = await import("../../server/program.ts");
    await serve({
      home: app.home,
      host: args.value("host") ?? DEFAULT_HOST,
      port: port ?? DEFAULT_PORT,
      plugins: app.modules,
      log: logOptions(args, app.out),
    });
  },
};

/** The HTTP server. */
export const serve: Noun = { self: start };
