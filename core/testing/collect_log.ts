/**
 * A log that keeps its lines.
 *
 * @module
 */
import type { Log } from "../contracts/log.ts";
import type { JsonValue } from "../contracts/records.ts";

/** One line written to a log. */
export interface LogLine {
  /** How serious it is. */
  readonly level: "debug" | "info" | "warn" | "error";
  /** What happened. */
  readonly message: string;
  /** Details, by name. */
  readonly fields: Readonly<Record<string, JsonValue>>;
}

/** A log, and the lines written to it so far. */
export function collectLog(): { readonly log: Log; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const write = (level: LogLine["level"]): Log["info"] => (message, fields = {}) => {
    lines.push({ level, message, fields });
  };
  return { log: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") }, lines };
}
