/**
 * `token create`
 *
 * @module
 */
import type { Command, Noun } from "../command.ts";

const create: Command = {
  summary: "Makes a token for the HTTP API; it is shown this once",
  flags: [
    { name: "name", kind: "value", value: "NAME", help: "What it is for [required]" },
    { name: "scopes", kind: "list", value: "A,B", help: "What it may do, e.g. admin [required]" },
  ],
  examples: ["token create --name laptop --scopes admin"],
  run: async (app, args) => {
    const name = args.required("name");
    const { tokens } = await app.runtime();
    const { id, token } = await tokens.create({ name, scopes: args.list("scopes") ?? [] });
    if (app.out.json) return app.out.value({ id, token });
    app.out.line(token);
    app.out.note("Keep it: it is not shown again. Send it as `Authorization: Bearer TOKEN`");
  },
};

/** API tokens. */
export const token: Noun = { verbs: { create } };
