/**
 * Flags from what a plugin declares.
 *
 * @module
 */
import type { ConfigSchema } from "../core/contracts/config.ts";
import { type Field, fieldsOf } from "../core/describe/fields.ts";
import { writeList } from "../core/describe/values.ts";
import { secretVariable } from "./args.ts";
import type { Flag } from "./command.ts";

/** How a configuration is given on the command line. */
export interface FlagOptions {
  /** Fields that need not be given: they are only changed, or already saved. */
  readonly partial?: boolean;
}

/** The flags of a configuration: plain ones first. */
export function configFlags(schema: ConfigSchema, options: FlagOptions = {}): Flag[] {
  const fields = fieldsOf(schema);
  return [...fields.filter((field) => !field.advanced), ...fields.filter((field) => field.advanced)]
    .flatMap((field) => flagsOf(field, options));
}

function flagsOf(field: Field, options: FlagOptions): Flag[] {
  const { key, flag, advanced } = field;
  const help = helpOf(field, options);
  if (!field.secret) {
    const kind = field.type === "boolean" ? "switch" : field.type === "list" ? "list" : "value";
    return [{ name: flag, kind, key, help, advanced, ...(kind === "switch" ? {} : { value: valueName(field) }) }];
  }
  return [
    { name: `${flag}-file`, kind: "secret-file", key, help, value: "PATH", advanced },
    {
      name: `${flag}-ask`,
      kind: "secret-ask",
      key,
      help: `Ask for it on the terminal; else ${secretVariable(key)} is used`,
      advanced,
    },
    // Known only to say how a secret is given.
    { name: flag, kind: "secret", key, help: "" },
  ];
}

function valueName(field: Field): string {
  if (field.type === "list") return "A,B";
  if (field.type === "integer" || field.type === "number") return "NUMBER";
  return field.type === "enum" ? "NAME" : "TEXT";
}

function helpOf(field: Field, { partial = false }: FlagOptions): string {
  const sentence = /^.*?[.?!](?=\s|$)/s.exec(field.help)?.[0] ?? (field.help === "" ? field.title : field.help);
  const extras = [];
  if (field.secret) extras.push("- reads standard input");
  if (field.values !== undefined) extras.push(field.values.join(" | "));
  if (field.required && !partial) extras.push("required");
  const standing = defaultOf(field);
  if (standing !== undefined) extras.push(`default: ${standing}`);
  else if (field.placeholder !== undefined && !field.secret) extras.push(`e.g. ${field.placeholder}`);
  return [sentence.replace(/\.$/, ""), ...extras.map((extra) => `[${extra}]`)].join(" ");
}

function defaultOf({ default: value }: Field): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : writeList(value.map(String));
  return typeof value === "string" ? value : JSON.stringify(value);
}
