/**
 * `apikey create|list|show|delete|revoke`
 *
 * @module
 */
import type { Command, Noun } from "../command.ts";

const KEY = { name: "KEY" };

const create: Command = {
  summary: "Makes a key for the bulk APIs; its secret is shown this once",
  flags: [{ name: "name", kind: "value", value: "NAME", help: "What it is for; else apikey, numbered" }],
  examples: ["apikey create --name warehouse"],
  run: async (app, args) => {
    const name = args.value("name");
    const { apiKeys } = await app.runtime();
    const { api_key, api_secret } = await apiKeys.create(name === undefined ? {} : { name });
    try {
      if (app.out.json) return app.out.value({ api_key, api_secret });
      app.out.pairs([["api key", api_key], ["api secret", api_secret]]);
    } catch (error) {
      // Nobody will ever know it.
      await apiKeys.delete(api_key);
      throw error;
    }
    app.out.note("Keep the secret: it is not shown again. Send both by Basic authentication: curl -u KEY:SECRET");
    app.out.next([app.command("apikey", "delete", api_key)]);
  },
};

const list: Command = {
  summary: "Lists the API keys, never their secrets",
  run: async (app) => {
    const keys = await (await app.runtime()).apiKeys.list();
    if (app.out.json) return app.out.value(keys);
    app.out.table(
      ["name", "api key", "org id", "made by", "made"],
      keys.map(({ name, api_key, org_id, user_name, created }) => [name, api_key, org_id, user_name, created]),
    );
    if (keys.length === 0) {
      app.out.note("There is no API key yet");
      app.out.next([`${app.command("apikey", "create")} --help`]);
    }
  },
};

const show: Command = {
  summary: "Shows one, never its secret",
  args: [KEY],
  run: async (app, { words: [key = ""] }) => {
    const shown = await (await app.runtime()).apiKeys.get(key);
    if (app.out.json) return app.out.value(shown);
    app.out.pairs([
      ["name", shown.name],
      ["api key", shown.api_key],
      ["org id", shown.org_id],
      ["made", shown.created],
      ["made by", shown.user_name],
    ]);
  },
};

const remove: Command = {
  summary: "Deletes one: it opens nothing from then on",
  args: [KEY],
  run: async (app, { words: [key = ""] }) => {
    const { api_key, name } = await (await app.runtime()).apiKeys.delete(key);
    if (app.out.json) return app.out.value({ api_key, deleted: true });
    app.out.note(`API key "${name}" is deleted`);
  },
};

/** API keys. */
export const apikey: Noun = {
  verbs: { create, list, show, delete: remove, revoke: { ...remove, summary: "The same as delete" } },
};
