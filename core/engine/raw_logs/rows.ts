/**
 * Reads a batch of raw logs: JSON lines become the rows that are kept.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import { parseJson } from "../../contracts/json.ts";
import type { JsonValue } from "../../contracts/records.ts";
import { joined } from "./joined.ts";
import { HourLines, LineBuffers, type LogBlock } from "./hour_lines.ts";
import { hourOf } from "./hours.ts";
import { PlainRows, type RowPlace } from "./plain_rows.ts";
import { atOf, timeOf } from "./row_time.ts";

/** The fields of a row. */
export type LogFields = { [name: string]: JsonValue };

/** Most characters of a line. */
const LINE = 65_536;
/** Most bytes of a character, as UTF-16 counts them. */
const WIDEST = 3;
/** Lines with problems that are told of. */
const TOLD = 10;

const LF = 0x0a, CR = 0x0d, SPACE = 0x20, TAB = 0x09;

const TYPES: readonly (JsonValue | undefined)[] = ["e", "s", "c"];

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What all batches are read with. */
export class RowTools {
  readonly plain: PlainRows = new PlainRows();
  readonly buffers: LineBuffers = new LineBuffers();
}

/** Reads one batch, as it comes in. */
export class BatchReader implements Disposable {
  readonly #place: RowPlace;
  readonly #hours: HourLines;
  readonly #problems: string[] = [];
  #wrong = 0;
  #line = 0;
  /** What came of a line whose end did not. */
  #begun: Uint8Array[] = [];
  #length = 0;

  /** `now` is the time of events that have none. */
  constructor(private readonly tools: RowTools, app: string, now: number) {
    this.#hours = new HourLines(tools.buffers);
    this.#place = { app, now, hours: this.#hours };
  }

  /** Reads bytes of the batch. Failure `config` for what is not in UTF-8. */
  push(bytes: Uint8Array): void {
    let from = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, from)) {
      if (this.#length === 0) this.#end(bytes, from, end);
      else {
        this.#begin(bytes.subarray(from, end));
        this.#endBegun();
      }
      from = end + 1;
    }
    if (from < bytes.length) this.#begin(bytes.slice(from));
  }

  /**
   * The lines by hour, when all was pushed. Failure `config` for a batch with any line that is no row: it names the first of
   * them, and nothing of the batch is to be taken.
   */
  blocks(): LogBlock[] {
    if (this.#length > 0) this.#endBegun();
    if (this.#wrong > 0) throw wrongLines(this.#problems, this.#wrong);
    const blocks = this.#hours.blocks();
    if (blocks.length > 0) return blocks;
    throw new Failure("config", "The batch has no events", { hint: "Send JSON lines: one event, or one a line" });
  }

  /** Gives back what it was lent. */
  [Symbol.dispose](): void {
    this.#hours[Symbol.dispose]();
  }

  /** Keeps a part of a line; of one that is too long, only so much that it is seen to be. */
  #begin(part: Uint8Array): void {
    if (this.#length <= WIDEST * LINE) this.#begun.push(part);
    this.#length += part.length;
  }

  #endBegun(): void {
    const line = joined(this.#begun);
    this.#begun = [];
    this.#length = 0;
    this.#end(line, 0, line.length);
  }

  #end(bytes: Uint8Array, from: number, to: number): void {
    const problem = this.#read(bytes, ++this.#line === 1 && isMarked(bytes, from) ? from + 3 : from, to);
    if (problem !== undefined && ++this.#wrong <= TOLD) this.#problems.push(`line ${this.#line}: ${problem}`);
  }

  /** What is wrong with a line, if anything. */
  #read(bytes: Uint8Array, from: number, to: number): string | undefined {
    if (to - from > WIDEST * LINE) return tooLong();
    const place = this.#place;
    let start = from, end = to;
    while (start < end && isBlank(bytes[start])) start++;
    while (end > start && isBlank(bytes[end - 1])) end--;
    if (start === end) return undefined;
    if (end - start <= LINE && this.tools.plain.add(bytes, start, end, place)) return undefined;
    return readText(decoded(bytes.subarray(start, end)), place);
  }
}

function wrongLines(problems: readonly string[], wrong: number): Failure {
  const more = wrong > problems.length ? `; and ${wrong - problems.length} more` : "";
  const message = `${wrong} of the lines ${wrong === 1 ? "is" : "are"} wrong, and nothing was taken: `;
  return new Failure("config", `${message}${problems.join("; ")}${more}`, {
    hint: "Mend these lines or leave them out, and send the batch again",
  });
}

/** Adds a row to its hour, however it is written; says what is wrong with it, if anything. */
function readText(text: string, { app, now, hours }: RowPlace): string | undefined {
  if (text.length > LINE) return tooLong();
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
  hours.putText(hourOf(read.time), JSON.stringify(fields));
  return undefined;
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

function tooLong(): string {
  return `it has over ${LINE} characters`;
}

function decoded(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new Failure("config", "The batch is not in UTF-8", { hint: "Send JSON lines in UTF-8", cause });
  }
}

function isMarked(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB || byte === CR;
}
