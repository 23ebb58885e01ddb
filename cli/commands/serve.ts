/**
 * `serve`
 *
 * @module
 */
import { LOG_FLAGS, logOptions } from "../log_flags.ts";
import type { Command, Noun } from "../command.ts";

const start: Command = {
  summary: "Starts the HTTP and SFTP servers, with the worker that executes runs",
  flags: [
    { name: "host", kind: "value", value: "ADDRESS", help: "Address to listen on [default: 127.0.0.1]" },
    { name: "port", kind: "value", value: "NUMBER", help: "Port to listen on, 0 for any free one [default: 8080]" },
    { name: "threads", kind: "value", value: "NUMBER", help: "Threads that answer HTTP, 1 to 64 [default: 1]" },
    { name: "sftp-host", kind: "value", value: "ADDRESS", help: "Address of the SFTP server [default: as --host]" },
    { name: "sftp-port", kind: "value", value: "NUMBER", help: "Port of the SFTP server, 0 for any [default: 2022]" },
    { name: "sftp", kind: "switch", help: "Serve SFTP beside HTTP, as it is unless told; --no-sftp leaves it out" },
    ...LOG_FLAGS,
  ],
  run: async (app, args) => {
    const port = args.integer("port", 0, 65_535);
    const threads = args.integer("threads", 1, 64);
    const sftpPort = args.integer("sftp-port", 0, 65_535);
    const { DEFAULT_HOST, DEFAULT_PORT, DEFAULT_SFTP_PORT, serve } = await import("../../server/program.ts");
    const host = args.value("host") ?? DEFAULT_HOST;
    const sftp = { host: args.value("sftp-host") ?? host, port: sftpPort ?? DEFAULT_SFTP_PORT };
    await serve({
      home: app.home,
      host,
      port: port ?? DEFAULT_PORT,
      plugins: app.modules,
      ...(threads === undefined ? {} : { threads }),
      log: logOptions(args, app.out),
      ...(args.on("sftp") === false ? {} : { sftp }),
    });
  },
};

/** The HTTP server. */
export const serve: Noun = { self: start };
