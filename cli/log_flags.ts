/**
 * How a program that runs until it is stopped writes its log.
 *
 * @module
 */
import { LOG_LEVELS, type LogOptions } from "../core/engine/log.ts";
import type { Arguments } from "./args.ts";
import type { Flag } from "./command.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage.ts";

const FORMATS = ["json", "pretty"] as const;

/** The flags of such a program. */
export const LOG_FLAGS: readonly Flag[] = [
  {
    name: "log-format",
    kind: "value",
    value: "FORMAT",
    help: "json or pretty [default: pretty on a terminal, else json]",
  },
  { name: "log-level", kind: "value", value: "LEVEL", help: "debug, info, warn or error [default: info]" },
];

/** What they say; the log goes where `out` talks. */
export function logOptions(args: Arguments, { stderr, options: { color } }: Output): LogOptions {
  return {
    format: oneOf(args, "log-format", FORMATS) ?? (stderr.terminal ? "pretty" : "json"),
    level: oneOf(args, "log-level", LOG_LEVELS) ?? "info",
    colors: color ?? stderr.terminal,
  };
}

function oneOf<Value extends string>(args: Arguments, name: string, values: readonly Value[]): Value | undefined {
  const text = args.value(name);
  const value = values.find((value) => value === text);
  if (text !== undefined && value === undefined) {
    throw new UsageError(`Flag --${name} cannot be "${text}"`, `One of ${values.join(", ")}`);
  }
  return value;
}
