/**
 * `account create|list|show|set`
 *
 * @module
 */
import { accountSettingsSchema } from "../../core/engine/account_settings.ts";
import type { AccountChange } from "../../core/engine/runtime.ts";
import type { AccountView } from "../../core/engine/views.ts";
import type { App } from "../app.ts";
import type { Command, Noun } from "../command.ts";
import { configFlags } from "../config_flags.ts";
import { UNSET } from "../saved.ts";

const create: Command = {
  summary: "Makes an account: a tenant, whose data no other sees",
  flags: [{ name: "name", kind: "value", value: "NAME", help: "What to call it [required]" }],
  examples: ["account create --name acme"],
  run: async (app, args) => {
    const account = await (await app.runtime()).accounts.create({ name: args.required("name") });
    print(app, account);
    app.out.next([app.command("token", "create", "--account", account.name, "--name", "NAME", "--scopes", "admin")]);
  },
};

const list: Command = {
  summary: "Lists the accounts; the first is meant where a command names none",
  run: async (app) => {
    const accounts = await (await app.runtime()).accounts.list();
    if (app.out.json) return app.out.value(accounts);
    app.out.table(
      ["name", "org id", "id", "made"],
      accounts.map(({ name, org_id, id, created }) => [name, org_id, id, created]),
    );
  },
};

const show: Command = {
  summary: "Shows the account that --account names, with its settings",
  run: async (app) => print(app, await (await app.runtime()).account.get()),
};

const set: Command = {
  summary: "Changes the settings of the account that --account names",
  flags: [
    ...configFlags(accountSettingsSchema, { partial: true }),
    { name: "name", kind: "value", value: "NAME", help: "New name" },
    { ...UNSET, help: "Put these settings back to their default" },
  ],
  examples: [
    "account set --pii-fields email,phone",
    "account set --account acme --suppress-erased forever",
    "account set --notify-email ops@example.com --notify-webhook https://example.com/waybill",
  ],
  run: async (app, args) => {
    const unset = (args.list("unset") ?? []).map((name) => [args.keyOf(name), null] as const);
    const name = args.value("name");
    const change: AccountChange = {
      ...(name === undefined ? {} : { name }),
      settings: { ...args.config, ...Object.fromEntries(unset) },
    };
    const { account } = await app.runtime();
    const changed = await account.update(change);
    print(app, changed);
    const { hasMailServer, SMTP_HINT } = await import("../../core/engine/mail/mailer.ts");
    if (args.config.notify_email !== undefined && changed.settings.notify_email.length > 0 && !hasMailServer()) {
      app.out.note(`No mail server is named, so no mail goes out. ${SMTP_HINT}`);
    }
  },
};

function print({ out }: App, account: AccountView): void {
  if (out.json) return out.value(account);
  out.pairs([
    ["name", account.name],
    ["id", account.id],
    ["org id", account.org_id],
    ...Object.entries(account.settings).map(([key, value]) =>
      [key.replaceAll("_", " "), value === "" || (Array.isArray(value) && value.length === 0) ? "none" : value] as const
    ),
    ["made", account.created],
  ]);
}

/** Accounts. */
export const account: Noun = { verbs: { create, list, show, set } };
