/**
 * Configuration keys that cannot be flags of the command line beside its own.
 *
 * @module
 */
import type { Field } from "../describe/mod.ts";

/** Flags of every command, and of those that take the flags of a job type or an auth method. */
const EVERY = ["home", "account", "plugin", "json", "quiet", "color", "help", "version"];
const SAVED = ["label", "description", "unset"];

/** Flags, without dashes, that no key may be called by. The command line's tests keep it complete. */
export const RESERVED_FLAGS: Readonly<Record<"auth" | "job", readonly string[]>> = {
  auth: [...EVERY, ...SAVED],
  job: [...EVERY, ...SAVED, "auth", "force", "query", "limit", "cursor"],
};

/** Secrets are read from `WAYBILL_` and their key, too; these variables are Waybill's own. */
const VARIABLES = [
  "home",
  "plugins",
  "master_key",
  "database_url",
  "public_url",
  "smtp_url",
  "webhook_secret",
  "allow_hosts",
];

/** What is wrong with the keys of a configuration, a sentence part each: they would be flags that are there already. */
export function reservedKeys(fields: readonly Field[], kind: "auth" | "job"): string[] {
  const problems: string[] = [];
  const taken = new Map(RESERVED_FLAGS[kind].map((flag) => [flag, "one of the command line's own"]));
  for (const flag of RESERVED_FLAGS[kind]) taken.set(`no-${flag}`, "one of the command line's own");
  for (const field of fields) {
    const flag = flagsOf(field).find((flag) => taken.has(flag));
    if (flag !== undefined) {
      problems.push(`config key "${field.key}" would be the flag --${flag}, which is ${taken.get(flag)}`);
    } else if (field.secret && VARIABLES.includes(field.key)) {
      problems.push(
        `config key "${field.key}" would be read from WAYBILL_${field.key.toUpperCase()}, a variable of Waybill's own`,
      );
    }
    for (const flag of flagsOf(field)) taken.set(flag, `that of "${field.key}"`);
  }
  return problems;
}

/** Every flag that sets a field. */
function flagsOf({ flag, secret, type }: Field): string[] {
  if (secret) return [flag, `${flag}-file`, `${flag}-ask`];
  return type === "boolean" ? [flag, `no-${flag}`] : [flag];
}
