/**
 * `profile get FIELD VALUE`
 *
 * @module
 */
import type { ProfileView } from "../../core/engine/views.ts";
import type { App } from "../app.ts";
import type { Command, Noun } from "../command.ts";

const get: Command = {
  summary: "Looks a profile up by an identity",
  args: [{ name: "FIELD" }, { name: "VALUE" }],
  flags: [{ name: "table", kind: "value", value: "TABLE", help: "Profile table to look in" }],
  examples: ["profile get email ada@example.com"],
  run: async (app, args) => {
    const [field = "", value = ""] = args.words;
    const table = args.value("table");
    const { profiles } = await app.runtime();
    printProfile(app, await profiles.get(field, value, table === undefined ? {} : { table }));
  },
};

/** Prints a profile. */
export function printProfile({ out }: App, profile: ProfileView): void {
  if (out.json) return out.value(profile);
  out.pairs([
    ["profile", `${profile.id} of table ${profile.table}`],
    ...Object.entries(profile.identities).map(([field, values]) => [`by ${field}`, [...values]] as const),
    ["updated", profile.updated_at],
  ]);
  out.line();
  out.pairs(Object.entries(profile.attributes));
}

/** Profiles. */
export const profile: Noun = { verbs: { get } };
