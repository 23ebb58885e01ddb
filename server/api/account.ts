/**
 * `/api/account`: the caller's own account. Accounts are made at the command line.
 *
 * @module
 */
import { z } from "zod";
import { type AccountSettings, accountSettingsSchema } from "../../core/engine/account_settings.ts";
import type { AccountView } from "../../core/engine/views.ts";
import { one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { configInput } from "./inputs.ts";

const settings: z.ZodType<AccountSettings> = accountSettingsSchema.meta({ id: "AccountSettings" });

const account: z.ZodType<AccountView> = z.object({
  id: z.string().describe("32 hex digits"),
  org_id: z.int().describe("What the bulk APIs call the account"),
  name: z.string(),
  settings,
  created: z.iso.datetime(),
}).meta({ id: "Account" });

/** The routes of the account. */
export const accountRoutes: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/account",
    name: "getAccount",
    capability: "account.read",
    tag: "account",
    summary: "Show the token's account",
    answer: one(account),
    handle: ({ engine }) => engine.account.get(),
  }),
  defineRoute({
    method: "put",
    path: "/api/account",
    name: "updateAccount",
    capability: "account.write",
    tag: "account",
    summary: "Rename the token's account",
    body: z.strictObject({ name: z.string().min(1).exactOptional().describe("Unique name") }),
    failures: [409],
    answer: one(account),
    handle: ({ engine, body }) => engine.account.update(body),
  }),
  defineRoute({
    method: "get",
    path: "/api/account/settings",
    name: "getSettings",
    capability: "settings.read",
    tag: "account",
    summary: "Show the account's settings",
    answer: one(settings, "The settings"),
    handle: async ({ engine }) => (await engine.account.get()).settings,
  }),
  defineRoute({
    method: "put",
    path: "/api/account/settings",
    name: "updateSettings",
    capability: "settings.write",
    tag: "account",
    summary: "Change the account's settings",
    description: "What is left out stays; null goes back to the default. " +
      `There are ${Object.keys(accountSettingsSchema.shape).map((key) => `\`${key}\``).join(", ")}.`,
    body: configInput,
    answer: one(settings, "The settings"),
    handle: async ({ engine, body }) => (await engine.account.update({ settings: body })).settings,
  }),
];
