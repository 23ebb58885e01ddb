/**
 * Reads a batch of raw logs: JSON lines become the rows that are kept.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import { parseJson } from "../../contracts/json.ts";
import type { JsonValue } from "../../contracts/records.ts";
import { hourOf } from "./hours.ts";
import { atOf, timeOf } from "./row_time.ts";

/** A row that is kept. */
export interface LogRow {
  /** The hour of its event. */
  readonly hour: number;
  /** Its JSON, without a line break. */
  readonly line: string;
  readonly fields: LogFields;
}

/** The fields of a row. */
export type LogFields = { [name: string]: JsonValue };

/** Most characters of a line. */
const LINE = 65_536;
/** Lines with problems that are told of. */
const TOLD = 10;
/** Characters that are read before others have their turn. */
const TURN = 1 << 20;

const TYPES: readonly (JsonValue | undefined)[] = ["e", "s", "c"];

/**
 * Reads the lines of a batch; `now` is the time of events that have none. Failure `config` for a batch with any line
 * that is no row: it names the first of them, and nothing of the batch is taken.
 */
export async function readRows(text: string, app: string, now: number): Promise<LogRow[]> {
  const rows: LogRow[] = [], problems: string[] = [];
  let wrong = 0, line = 0, read = 0;
  for (let from = text.startsWith("\uFEFF") ? 1 : 0; from < text.length;) {
    const end = text.indexOf("\n", from), until = end < 0 ? text.length : end;
    line++;
    const row = readRow(text.slice(from, until), app, now);
    if (typeof row === "string") {
      if (++wrong <= TOLD) problems.push(`line ${line}: ${row}`);
    } else if (row !== undefined) rows.push(row);
    from = until + 1;
    if (from - read < TURN) continue;
    read = from;
    await new Promise((resolve) => setTimeout(resolve));
  }
  if (wrong > 0) throw wrongLines(problems, wrong);
  if (rows.length > 0) return rows;
  throw new Failure("config", "The batch has no events", { hint: "Send JSON lines: one event, or one a line" });
}

function wrongLines(problems: readonly string[], wrong: number): Failure {
  const more = wrong > problems.length ? `; and ${wrong - problems.length} more` : "";
  const message = `${wrong} of the lines ${wrong === 1 ? "is" : "are"} wrong, and nothing was taken: `;
  return new Failure("config", `${message}${problems.join("; ")}${more}`, {
    hint: "Mend these lines or leave them out, and send the batch again",
  });
}

/** A row, what is wrong with it, or nothing where the line is blank. */
function readRow(text: string, app: string, now: number): LogRow | string | undefined {
  if (text.length > LINE) return `it has over ${LINE} characters`;
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch {
    if (text.trim() === "") return undefined;
    return /[\u201C\u201D]/.test(text) ? "it has curly quotes, which JSON does not have" : "it is no JSON";
  }
  if (Array.isArray(value)) return "it is a list: send one event a line";
  if (typeof value !== "object" || value === null) return "it is no JSON object";
  const fields: LogFields = value;
  const problem = problemOf(fields, app);
  if (problem !== undefined) return problem;
  const read = timeOf(fields, now);
  if ("problem" in read) return read.problem;
  fields["uuid"] ??= crypto.randomUUID();
  fields["app"] = app;
  fields["at"] = atOf(read.time);
  fields["at_millis"] = read.time;
  return { hour: hourOf(read.time), line: JSON.stringify(fields), fields };
}

function problemOf({ type, name, uuid, app: given, late, customer_ids }: LogFields, app: string): string | undefined {
  if (!TYPES.includes(type)) return '"type" has to be "e" (event), "s" (session) or "c" (close)';
  if (type === "e" && (typeof name !== "string" || name === "")) return 'an event has to have a "name"';
  if (uuid !== undefined && uuid !== null && (typeof uuid !== "string" || uuid === "")) return '"uuid" is no text';
  if (given !== undefined && given !== app) return '"app" is another app than that of the path';
  if (late !== undefined) return '"late" is for Waybill to say';
  if (customer_ids === undefined || customer_ids === null) return undefined;
  if (typeof customer_ids !== "object" || Array.isArray(customer_ids)) return '"customer_ids" is no object';
  const isId = (id: JsonValue | undefined) => typeof id === "string" || typeof id === "number" || id === null;
  return Object.values(customer_ids).every(isId) ? undefined : '"customer_ids" holds what is neither text nor number';
}

/** The line of a row that came when its hour was complete. */
export function lateLine({ line }: LogRow): string {
  return `${line.slice(0, -1)},"late":true}`;
}
