/**
 * Takes secrets out of what is written.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Log } from "../contracts/log.ts";
import type { JsonValue } from "../contracts/records.ts";

/** Shorter values stand in too many innocent words. */
const SHORTEST = 4;

/** Lines of a key or another long secret that are worth hiding on their own. */
const SHORTEST_LINE = 16;

const REPLACEMENT = "[secret]";

/** Replaces known secrets by `[secret]`. */
export interface Redactor {
  /** In a text. */
  text(text: string): string;
  /** In messages and fields of a log. */
  log(log: Log): Log;
  /** In an error's message, hint, stack and causes. One that holds none is given back as it is. */
  error(error: unknown): unknown;
  /** Does work that calls a plugin's code: what it throws holds none of the secrets. */
  guard<T>(work: () => Promise<T>): Promise<T>;
}

/** Makes a redactor of the given values; those of fewer than four characters are left alone. */
export function redactor(secrets: readonly string[]): Redactor {
  const needles = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  const text = (value: string) => needles.reduce((rest, needle) => rest.replaceAll(needle, REPLACEMENT), value);
  const value = (json: JsonValue): JsonValue => {
    if (typeof json === "string") return text(json);
    if (Array.isArray(json)) return json.map(value);
    return json !== null && typeof json === "object" ? fields(json) : json;
  };
  const fields = (record: Readonly<Record<string, JsonValue>>) =>
    Object.fromEntries(Object.entries(record).map(([name, json]) => [text(name), value(json)]));
  const error = (thrown: unknown): unknown => {
    if (typeof thrown === "string") return text(thrown);
    if (!(thrown instanceof Error)) return thrown;
    const cause = error(thrown.cause);
    const hint = thrown instanceof Failure ? thrown.hint ?? "" : "";
    const said = [thrown.message, thrown.stack ?? "", hint];
    if (cause === thrown.cause && said.every((part) => part === text(part))) return thrown;
    const redacted = thrown instanceof Failure
      ? new Failure(thrown.kind, text(thrown.message), {
        ...(hint === "" ? {} : { hint: text(hint) }),
        ...(thrown.code === undefined ? {} : { code: thrown.code }),
        cause,
      })
      : Object.assign(new Error(text(thrown.message), { cause }), { name: thrown.name });
    if (thrown.stack !== undefined) redacted.stack = text(thrown.stack);
    return redacted;
  };
  return {
    text,
    error,
    guard: async (work) => {
      try {
        return await work();
      } catch (thrown) {
        throw error(thrown);
      }
    },
    log: (log) => {
      const at = (level: keyof Log): Log["info"] => (message, given) =>
        log[level](text(message), given === undefined ? undefined : fields(given));
      return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
    },
  };
}

/** The strings in a configuration's secrets, whatever they are nested in. */
export function secretStrings(secrets: JsonValue): string[] {
  if (typeof secrets === "string") return [secrets];
  if (secrets === null || typeof secrets !== "object") return [];
  return Object.values(secrets).flatMap(secretStrings);
}

/** A secret as it is, as JSON writes it, and its longer lines, one of which an error message may quote. */
function formsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  const telling = lines.length > 1 ? lines.filter((line) => line.length >= SHORTEST_LINE && !/^-----/.test(line)) : [];
  return [secret, secret.trim(), JSON.stringify(secret).slice(1, -1), ...telling]
    .filter((form) => form.length >= SHORTEST);
}
