/**
 * What the engine says of a configuration, in the words of the command line: `"identify_by" is missing` becomes
 * `--identify-by is missing`.
 *
 * @module
 */
import { Failure } from "../core/contracts/failure.ts";
import type { Flag } from "./command.ts";

/** How a message starts that has only keys in quotes from there on. */
const ABOUT_KEYS = /^(?:The choices for |(?:Job type|Auth method) "[^"]*" has no )(?=")/;

/** The failure with flags for the keys that it names. Any other error is given back as it is. */
export function inFlags(error: unknown, flags: readonly Flag[]): unknown {
  if (!(error instanceof Failure) || error.kind !== "config") return error;
  const names = flagNames(flags);
  const { kind, message, hint, code } = error;
  return new Failure(kind, messageInFlags(message, names), {
    ...(hint === undefined
      ? {}
      : { hint: ABOUT_KEYS.test(message) ? everyKey(hint, names).replace(/^The keys/, "The flags") : hint }),
    ...(code === undefined ? {} : { code }),
    cause: error,
  });
}

/** Flags by the key that they set; a secret's is the one that takes a file. */
function flagNames(flags: readonly Flag[]): ReadonlyMap<string, string> {
  const setting = flags.filter(({ kind }) => kind !== "secret" && kind !== "secret-ask");
  return new Map(setting.flatMap(({ key, name }) => key === undefined ? [] : [[key, `--${name}`] as const]));
}

function messageInFlags(message: string, names: ReadonlyMap<string, string>): string {
  const about = ABOUT_KEYS.exec(message)?.[0];
  if (about !== undefined) return about + everyKey(message.slice(about.length), names);
  if (!message.startsWith("Configuration of ")) return message;
  // A problem starts with its key; what stands further back may be a value that is called as a key is.
  return message.replace(/(?<=: |; )"(\w+)"(?=:? )/g, (whole, key) => names.get(key) ?? whole)
    .replace(/`(\w+)`/g, (whole, key) => names.get(key) ?? whole);
}

function everyKey(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(/"(\w+)"/g, (whole, key) => names.get(key) ?? whole);
}
