/**
 * `app create|list|show|update|delete`
 *
 * @module
 */
import type { AppView } from "../../core/engine/views.ts";
import type { App } from "../app.ts";
import type { Command, Noun } from "../command.ts";

const APP = { name: "APP" };

const create: Command = {
  summary: "Makes an app: a part of the account with a profile table of its own",
  flags: [{ name: "name", kind: "value", value: "NAME", help: "What to call it [required]" }],
  examples: ["app create --name weather"],
  run: async (app, args) => {
    const made = await (await app.runtime()).apps.create({ name: args.required("name") });
    print(app, made);
    app.out.next([app.command("apikey", "create", "--name", "NAME")]);
  },
};

const list: Command = {
  summary: "Lists the apps",
  run: async (app) => {
    const apps = await (await app.runtime()).apps.list();
    if (app.out.json) return app.out.value(apps);
    app.out.table(
      ["name", "app id", "org id", "table", "profiledb id", "made"],
      apps.map(({ name, app_id, org_id, table, profiledb_id, created_at }) => [
        name,
        app_id,
        org_id,
        table,
        profiledb_id,
        created_at,
      ]),
    );
    if (apps.length === 0) {
      app.out.note("There is no app yet");
      app.out.next([`${app.command("app", "create")} --help`]);
    }
  },
};

const show: Command = {
  summary: "Shows one",
  args: [APP],
  run: async (app, { words: [name = ""] }) => print(app, await (await app.runtime()).apps.get(name)),
};

const update: Command = {
  summary: "Renames one: its id and table stay",
  args: [APP],
  flags: [{ name: "name", kind: "value", value: "NAME", help: "New name [required]" }],
  run: async (app, args) => {
    const name = args.required("name");
    print(app, await (await app.runtime()).apps.update(args.words[0] ?? "", { name }));
  },
};

const remove: Command = {
  summary: "Deletes one: its id opens nothing from then on; its profile table stays",
  args: [APP],
  run: async (app, { words: [name = ""] }) => {
    const deleted = await (await app.runtime()).apps.delete(name);
    if (app.out.json) return app.out.value({ app_id: deleted.app_id, deleted: true });
    app.out.note(`App "${deleted.name}" is deleted; its profile table "${deleted.table}" stays`);
  },
};

function print({ out }: App, { app_id, name, org_id, table, profiledb_id, created_at }: AppView): void {
  if (out.json) return out.value({ app_id, name, org_id, table, profiledb_id, created_at });
  out.pairs([
    ["name", name],
    ["app id", app_id],
    ["org id", org_id],
    ["profile table", table],
    ["profiledb id", profiledb_id],
    ["made", created_at],
  ]);
}

/** Apps. */
export const app: Noun = { verbs: { create, list, show, update, delete: remove } };
