/**
 * What auths and jobs have in common: labels, descriptions, changes.
 *
 * @module
 */
import type { JsonValue } from "../core/contracts/records.ts";
import type { Change } from "../core/engine/runtime.ts";
import type { Arguments } from "./args.ts";
import type { Flag } from "./command.ts";

/** `--label`, when something is made. */
export const LABEL: Flag = { name: "label", kind: "value", value: "LABEL", help: "Name to call it by [required]" };
/** `--label`, when something is changed. */
export const NEW_LABEL: Flag = { name: "label", kind: "value", value: "LABEL", help: "New name to call it by" };
/** `--description`. */
export const DESCRIPTION: Flag = { name: "description", kind: "value", value: "TEXT", help: "What it is for" };
/** `--unset`. */
export const UNSET: Flag = {
  name: "unset",
  kind: "list",
  value: "A,B",
  help: "Put these options back to their default, and remove these secrets",
};
/** `--unset` of a run or plan of a saved job. */
export const UNSET_ONCE: Flag = { ...UNSET, help: "Of a saved job: leave these options at their default, this once" };
/** `--auth`. */
export const AUTH: Flag = {
  name: "auth",
  kind: "value",
  value: "AUTH",
  help: "Saved auth to use, by label or id; needed unless just one fits",
};

/** `--auth` of an export that a run may make without one. */
export const RESULT_AUTH: Flag = {
  ...AUTH,
  help:
    "Saved auth that says where the file goes, by label or id; a run without one gives the file here, a job needs one",
};

/** The change that the flags of an `update` describe. */
export function changeOf(args: Arguments, config: Readonly<Record<string, JsonValue>>): Change {
  const [label, description] = [args.value("label"), args.value("description")];
  const changed = { ...config, ...unsetBy(args) };
  return {
    ...(label === undefined ? {} : { label }),
    ...(description === undefined ? {} : { description }),
    ...(Object.keys(changed).length === 0 ? {} : { config: changed }),
  };
}

/** The options that `--unset` names, each null: back to its default. */
export function unsetBy(args: Arguments): Readonly<Record<string, null>> {
  return Object.fromEntries((args.list("unset") ?? []).map((name) => [args.keyOf(name), null]));
}
