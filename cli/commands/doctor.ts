/**
 * `doctor`
 *
 * @module
 */
import type { Command, Noun } from "../command.ts";

const check: Command = {
  summary: "Checks database, master key, clock, disk, permissions and ports; exit code 1 if one fails",
  flags: [
    {
      name: "host",
      kind: "value",
      value: "ADDRESS",
      help: "Address that the server is to listen on [default: 127.0.0.1]",
    },
    { name: "port", kind: "value", value: "NUMBER", help: "Port that the server is to listen on [default: 8080]" },
  ],
  run: async (app, args) => {
    const port = args.integer("port", 1, 65_535);
    const { examine } = await import("../../core/engine/doctor.ts");
    const { printChecks } = await import("../checks.ts");
    const results = examine({
      home: app.home,
      host: args.value("host") ?? "127.0.0.1",
      port: port ?? 8080,
      masterKey: Deno.env.get("WAYBILL_MASTER_KEY"),
    });
    return (await printChecks(app, results)).ok ? 0 : 1;
  },
};

/** This installation. */
export const doctor: Noun = { self: check };
