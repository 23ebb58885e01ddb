/**
 * Where words go: data to standard output, talk to standard error.
 *
 * @module
 */
import { Failure } from "../core/contracts/failure.ts";
import type { JsonValue } from "../core/contracts/records.ts";
import { columns, shortened, visible } from "./format.ts";

/** How a piece of text stands out. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

const CODES: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Back to the start of the line, and clear it. */
const CLEAR = "\r\x1b[K";

/** One of the two standard outputs. */
export interface Sink {
  /** Whether it is a terminal. */
  readonly terminal: boolean;
  /** Writes all of it. */
  write(content: string | Uint8Array): void;
  /** Columns of the terminal. */
  width(): number;
  /** Whether the process goes on where nobody reads on; unless told it has done its work then, and ends with 0. */
  goesOnUnread?: boolean;
}

/** How to talk. */
export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Overrides whether colours are used. */
  readonly color?: boolean | undefined;
}

/** Everything a command prints goes through here. */
export class Output {
  /** The line that is redrawn while something runs; empty when there is none. */
  #status = "";

  constructor(readonly stdout: Sink, readonly stderr: Sink, readonly options: OutputOptions) {}

  /** Whether the data is JSON. */
  get json(): boolean {
    return this.options.json;
  }

  /** Whether to leave out progress, notes and hints. With JSON too: standard error then holds errors only. */
  get silent(): boolean {
    return this.options.quiet || this.options.json;
  }

  /** Prints the command's data as its one JSON value: on one line, or laid out on a terminal. */
  value(value: unknown): void {
    this.stdout.write(`${JSON.stringify(value, null, this.stdout.terminal ? 2 : undefined)}\n`);
  }

  /** Prints a list as one JSON array, item by item: it may be longer than memory. */
  async values(values: AsyncIterable<unknown>): Promise<void> {
    let separator = "[";
    for await (const value of values) {
      this.stdout.write(`${separator}${JSON.stringify(value)}`);
      separator = ",\n";
    }
    this.stdout.write(separator === "[" ? "[]\n" : "]\n");
  }

  /** Prints a line of data for people. */
  line(text = ""): void {
    this.stdout.write(`${text}\n`);
  }

  /**
   * Prints rows under headings, in columns, `indent` columns from the left; text from outside is made safe. An empty
   * table prints nothing.
   */
  table(headings: readonly string[], rows: readonly (readonly Cell[])[], indent = 0): void {
    if (rows.length === 0) return;
    const heads = headings.map(cellText);
    const texts = rows.map((row) => headings.map((_, column) => cellText(row[column])));
    const last = headings.length - 1;
    const widths = heads.map((heading, column) =>
      texts.reduce((width, row) => Math.max(width, columns(row[column] ?? "")), columns(heading))
    );
    const numbers = headings.map((_, column) => texts.every((row) => isNumber(row[column] ?? "")));
    const room = this.stdout.terminal
      ? Math.max(20, this.stdout.width() - widths.slice(0, last).reduce((sum, width) => sum + width + 2, indent))
      : Infinity;
    const lineOf = (row: readonly string[]) => {
      const cells = row.map((text, column) => {
        if (column === last && !numbers[column]) return shortened(text, room);
        const fill = " ".repeat((widths[column] ?? 0) - columns(text));
        return numbers[column] ? fill + text : text + fill;
      });
      return cells.join("  ").trimEnd();
    };
    const margin = " ".repeat(indent);
    const lines = [this.data("bold", lineOf(heads)), ...texts.map(lineOf)];
    // One write: a table may be a part of a long list.
    this.stdout.write(lines.map((line) => `${margin}${line}\n`).join(""));
  }

  /** Prints names and values, one pair a line; pairs without a value are left out. */
  pairs(given: readonly (readonly [string, Cell])[]): void {
    const pairs = given.filter(([, value]) => cellText(value) !== "");
    const width = Math.max(...pairs.map(([name]) => columns(name)));
    for (const [name, value] of pairs) {
      this.line(`${this.data("dim", name + " ".repeat(width - columns(name)))}  ${cellText(value)}`);
    }
  }

  /** Tells the reader something, on standard error. */
  note(text: string): void {
    if (!this.silent) this.tell(text);
  }

  /** Tells the reader something that no flag silences: errors. */
  tell(text: string): void {
    this.stderr.write(this.#status === "" ? `${text}\n` : `${CLEAR}${text}\n${this.#status}`);
  }

  /** Whether standard error has a line that can be redrawn. */
  get live(): boolean {
    return this.stderr.terminal && !this.silent;
  }

  /** Draws the live line, over the one before; an empty text takes it away. */
  status(text: string): void {
    if (!this.live || text === this.#status) return;
    // A line that wraps could not be cleared.
    const line = shortened(text, this.stderr.width() - 1);
    this.stderr.write(CLEAR + line);
    this.#status = line;
  }

  /** Tells the reader commands that are worth typing next. */
  next(commands: readonly string[]): void {
    if (commands.length === 0) return;
    this.note(`\n${this.talk("dim", "Next:")}`);
    for (const command of commands) this.note(`  ${this.talk("cyan", command)}`);
  }

  /** From here on the command goes on to its end, and its exit code, whether or not anybody reads what it prints. */
  goOnUnread(): void {
    this.stdout.goesOnUnread = true;
  }

  /** Text in a style, for standard output. */
  data(style: Style, text: string): string {
    return this.#styled(this.stdout, style, text);
  }

  /** Text in a style, for standard error. */
  talk(style: Style, text: string): string {
    return this.#styled(this.stderr, style, text);
  }

  #styled(sink: Sink, style: Style, text: string): string {
    if (!(this.options.color ?? sink.terminal)) return text;
    const [on, off] = CODES[style];
    return `\x1b[${on}m${text}\x1b[${off}m`;
  }
}

/** What a table's cell holds: a number stands to the right, null is empty, lists and objects are put in words. */
export type Cell = JsonValue | readonly string[] | undefined;

function cellText(cell: Cell): string {
  return visible(inWords(cell));
}

/** `["a", "b"]` → `a, b`; `{ "a": 1, "b": [2, 3] }` → `a: 1; b: 2, 3`. */
function inWords(cell: Cell): string {
  if (cell === undefined || cell === null) return "";
  if (typeof cell !== "object") return String(cell);
  if (Array.isArray(cell)) return cell.map(inWords).join(cell.some(isObject) ? " / " : ", ");
  return Object.entries(cell).map(([name, value]) => `${name}: ${inWords(value)}`).join("; ");
}

function isObject(value: Cell): boolean {
  return typeof value === "object" && value !== null;
}

function isNumber(text: string): boolean {
  return /^-?[\d.,]+( (%|[kMGT]?B))?$/.test(text);
}

/** Data that did not get out is a failure: whoever reads it takes what there is for the whole. */
function unwritten(error: unknown): unknown {
  // ENOSPC and EDQUOT: an error in writing has no code but in its words.
  if (!(error instanceof Error) || !/\(os error (?:28|122)\)/.test(error.message)) return error;
  return new Failure("transient", "The disk that standard output goes to is full: what is there is not all", {
    hint: "Free space on it, then try again",
    cause: error,
  });
}

/** Standard output or standard error of this process. */
export function processSink(stream: typeof Deno.stdout | typeof Deno.stderr): Sink {
  const encoder = new TextEncoder();
  const sink: Sink = {
    terminal: stream.isTerminal(),
    write: (content) => {
      const data = typeof content === "string" ? encoder.encode(content) : content;
      try {
        for (let written = 0; written < data.length;) written += stream.writeSync(data.subarray(written));
      } catch (error) {
        // Talk that nobody can be told stops no work, and changes nothing about how it ends.
        if (stream === Deno.stderr) return;
        if (!(error instanceof Deno.errors.BrokenPipe)) throw unwritten(error);
        // `waybill … | head` has seen enough.
        if (sink.goesOnUnread !== true) Deno.exit(0);
      }
    },
    width: () => {
      try {
        // A terminal that was told no size says 0.
        return Deno.consoleSize().columns || 80;
      } catch {
        return 80;
      }
    },
  };
  return sink;
}
