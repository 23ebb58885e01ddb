/**
 * The log: one line each on stderr, for people or for machines, without secrets.
 *
 * @module
 */
import type { Log } from "../contracts/log.ts";
import type { JsonValue } from "../contracts/records.ts";
import { isoTime } from "./iso_time.ts";

/** How serious a line is, least first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** How serious a line is. */
export type LogLevel = typeof LOG_LEVELS[number];

type Fields = Readonly<Record<string, JsonValue>>;

/** A log that can be narrowed to a run or a job. */
export interface EngineLog extends Log {
  /** The same log with fields that every line gets. */
  with(fields: Fields): EngineLog;
}

/** A log that may hold lines back for a moment. */
export interface GatheringLog extends EngineLog {
  /** Writes the lines that were gathered. */
  flush(): void;
  /** Writes lines of another thread's log, each with its LF, and those that were gathered before them. */
  pass(lines: string): void;
}

/** How to write lines. */
export interface LogOptions {
  /** Lines below it are left out; `info` unless told. */
  readonly level?: LogLevel;
  /** `json` (one object a line) unless told. */
  readonly format?: "json" | "pretty";
  /** Whether `pretty` may use colours. */
  readonly colors?: boolean;
  /** Takes each line, or several of them, each with its LF; stderr unless told. */
  readonly write?: (lines: string) => void;
  /**
   * Whether lines below `warn` are gathered and written together, a tenth of a second later at most: for a server, whose
   * requests have a line each. Whoever asks for it calls `flush` in the end. Each is written at once unless told.
   */
  readonly gathers?: boolean;
}

/** Milliseconds that a line waits for others. */
const PATIENCE = 100;

/** Characters that are written without waiting for more. */
const PIECE = 32_768;

/**
 * Makes a log. Lines hold `time`, `level`, `message`, then the fields. What cannot be written (a full disk, a pipe that
 * nobody reads) stops no work: the next line that can be written says in `lost_lines` how many are missing before it.
 */
export function createLog(options: LogOptions = {}): GatheringLog {
  const { level: least = "info", format = "json", colors = false, write = writeToStderr, gathers = false } = options;
  const render = format === "json" ? renderJson : (line: Line) => renderPretty(line, colors);
  const leastAt = LOG_LEVELS.indexOf(least);
  let lost = 0, gathered = "", count = 0, timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    const [text, lines] = [gathered, count];
    [gathered, count, timer] = ["", 0, undefined];
    if (lines === 0) return;
    try {
      write(text);
      lost = 0;
    } catch {
      lost += lines;
    }
  };
  const take = (line: Line) => {
    if (LOG_LEVELS.indexOf(line.level) < leastAt) return;
    // The line before may have been written in part.
    const missing = count === 0 ? lost : 0;
    gathered += missing === 0
      ? `${render(line)}\n`
      : `\n${render({ ...line, fields: { ...line.fields, lost_lines: missing } })}\n`;
    count++;
    if (!gathers || line.level === "warn" || line.level === "error" || gathered.length > PIECE) flush();
    else timer ??= setTimeout(flush, PATIENCE);
  };
  const bound = boundLog({}, take);
  const pass = (lines: string) => {
    if (lost > 0) bound.warn("Lines of the log are missing");
    gathered += lines;
    count += lines.split("\n").length - 1;
    flush();
  };
  return { ...bound, flush, pass };
}

interface Line {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Fields;
}

function boundLog(bound: Fields, write: (line: Line) => void): EngineLog {
  const isBare = Object.keys(bound).length === 0;
  const at = (level: LogLevel) => (message: string, fields?: Fields) => {
    // Each request has a line: `Temporal` tells the same in ten times the time.
    const time = isoTime(Date.now());
    write({ time, level, message, fields: fields === undefined ? bound : isBare ? fields : { ...bound, ...fields } });
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => boundLog({ ...bound, ...fields }, write),
  };
}

function renderJson({ time, level, message, fields }: Line): string {
  if ("time" in fields || "level" in fields || "message" in fields) {
    return JSON.stringify({ ...fields, time, level, message });
  }
  // Each request has a line, and fields are not copied for it.
  const given = JSON.stringify(fields), start = given === "{}" ? "{" : `${given.slice(0, -1)},`;
  return `${start}"time":"${time}","level":"${level}","message":${JSON.stringify(message)}}`;
}

/** ANSI colours (ECMA-48, SGR): grey, cyan, yellow, red. */
const COLORS: Readonly<Record<LogLevel, number>> = { debug: 90, info: 36, warn: 33, error: 31 };

function renderPretty({ time, level, message, fields }: Line, colors: boolean): string {
  const paint = (color: number, text: string) => colors ? `\x1b[${color}m${text}\x1b[39m` : text;
  const details = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ");
  const line = `${paint(COLORS.debug, time.slice(11, 19))} ${paint(COLORS[level], level.padEnd(5))} ${
    oneLine(message)
  }`;
  return details === "" ? line : `${line} ${paint(COLORS.debug, details)}`;
}

/** What a peer sent must not look like a line of ours, nor move the cursor. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}

function writeToStderr(line: string): void {
  const bytes = new TextEncoder().encode(line);
  for (let written = 0; written < bytes.length;) written += Deno.stderr.writeSync(bytes.subarray(written));
}
