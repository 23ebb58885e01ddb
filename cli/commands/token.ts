/**
 * `token create|list|show|delete|revoke`
 *
 * @module
 */
import { SCOPES } from "../../core/engine/scopes.ts";
import type { Command, Noun } from "../command.ts";

const TOKEN = { name: "ID" };

const create: Command = {
  summary: "Makes a token for the HTTP API; it is shown this once",
  flags: [
    { name: "name", kind: "value", value: "NAME", help: "What it is for [required]" },
    { name: "scopes", kind: "list", value: "A,B", help: `What it may do: ${SCOPES.join(" | ")} [required]` },
    {
      name: "expires",
      kind: "value",
      value: "100h",
      help: "How long it is good: 30m, 100h, 7d, 2w, or a time [default: for ever]",
    },
    { name: "description", kind: "value", value: "TEXT", help: "More about what it is for" },
  ],
  examples: [
    "token create --name laptop --scopes admin",
    "token create --name vendor --scopes data_write --expires 100h",
  ],
  run: async (app, args) => {
    const name = args.required("name");
    const { tokens } = await app.runtime();
    const [expires, description] = [args.value("expires"), args.value("description")];
    const { id, token } = await tokens.create({
      name,
      scopes: args.list("scopes") ?? [],
      ...(expires === undefined ? {} : { expires }),
      ...(description === undefined ? {} : { description }),
    });
    try {
      if (app.out.json) return app.out.value({ id, token });
      app.out.line(token);
    } catch (error) {
      // Nobody will ever know it.
      await tokens.delete(id);
      throw error;
    }
    app.out.note("Keep it: it is not shown again. Send it as `Authorization: Bearer TOKEN`");
    app.out.next([app.command("token", "delete", id)]);
  },
};

const list: Command = {
  summary: "Lists the tokens: names and scopes, never a token itself",
  run: async (app) => {
    const tokens = await (await app.runtime()).tokens.list();
    if (app.out.json) return app.out.value(tokens);
    app.out.table(
      ["id", "name", "made", "expires", "scopes"],
      tokens.map(({ id, name, created, expires, scopes }) => [id, name, created, expires, [...scopes]]),
    );
    if (tokens.length === 0) {
      app.out.note("There is no token yet: the server makes one at its first start");
      app.out.next([`${app.command("token", "create")} --help`]);
    }
  },
};

const show: Command = {
  summary: "Shows one: its name and scopes, never itself",
  args: [TOKEN],
  run: async (app, { words: [id = ""] }) => {
    const token = await (await app.runtime()).tokens.get(id);
    if (app.out.json) return app.out.value(token);
    app.out.pairs([
      ["name", token.name],
      ["id", token.id],
      ["description", token.description],
      ["scopes", [...token.scopes]],
      ["made", token.created],
      ["made by", token.user_name],
      ["expires", token.expires ?? "never"],
    ]);
  },
};

const remove: Command = {
  summary: "Deletes one: it opens nothing from then on",
  args: [TOKEN],
  run: async (app, { words: [id = ""] }) => {
    const { tokens } = await app.runtime();
    const token = await tokens.delete(id);
    if (app.out.json) return app.out.value({ id: token.id, deleted: true });
    app.out.note(`Token "${token.name}" is deleted`);
    if (await tokens.anyAdmin()) return;
    app.out.note("No token has scope admin any more: a server makes one at its next start, or make it yourself");
    app.out.next([app.command("token", "create", "--name", "NAME", "--scopes", "admin")]);
  },
};

/** API tokens. */
export const token: Noun = {
  verbs: { create, list, show, delete: remove, revoke: { ...remove, summary: "The same as delete" } },
};
