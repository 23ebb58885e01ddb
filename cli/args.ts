/**
 * The command line, read: flags anywhere, `--flag value` or `--flag=value`, `--` ends them.
 *
 * @module
 */
import type { JsonValue } from "../core/contracts/records.ts";
import { nearest } from "../core/describe/nearest.ts";
import { readList } from "../core/describe/values.ts";
import type { Flag } from "./command.ts";
import { UsageError } from "./usage.ts";

/** What was typed. */
export interface Arguments {
  /** What is no flag, in order. */
  readonly words: readonly string[];
  /** Value of a flag of kind `value`. */
  value(name: string): string | undefined;
  /** Value of a flag that must be given. */
  required(name: string): string;
  /** Values of a flag of kind `list`, or undefined when it was not given. */
  list(name: string): readonly string[] | undefined;
  /** Whether a switch is on; undefined when it was not given. */
  on(name: string): boolean | undefined;
  /** Value of a flag that holds a whole number within bounds. */
  integer(name: string, least: number, most: number): number | undefined;
  /** Key of the configuration that a flag sets, by the flag's name or the key's own: `private-key-file`, `private_key`. */
  keyOf(name: string): string;
  /** Configuration that the flags with a key set: text, lists and switches as they were given. No secrets. */
  readonly config: Readonly<Record<string, JsonValue>>;
  /** Files that hold secrets, by key; `-` is standard input. */
  readonly secretFiles: ReadonlyMap<string, string>;
  /** Keys of secrets to ask for. */
  readonly asked: ReadonlySet<string>;
}

type Value = string | readonly string[] | boolean;

/** Reads `argv` by the flags there are. Values never show up in errors. */
export function parseArguments(argv: readonly string[], flags: readonly Flag[]): Arguments {
  const known = new Map(flags.map((flag) => [flag.name, flag]));
  const words: string[] = [];
  const values = new Map<string, Value>();
  for (const token of tokens(argv, known)) {
    if (token.kind === "word") words.push(token.text);
    else record(values, token, known);
  }
  return new ReadArguments(words, values, known);
}

/**
 * The words of `argv` as far as they can be told with only some flags known: a flag that is not known is taken to have
 * no value of its own.
 */
export function wordsOf(argv: readonly string[], flags: readonly Flag[]): string[] {
  const known = new Map(flags.map((flag) => [flag.name, flag]));
  return [...tokens(argv, known)].flatMap((token) => token.kind === "word" ? [token.text] : []);
}

/** The values of `flags` in `argv`, whatever else is there. */
export function parseKnown(argv: readonly string[], flags: readonly Flag[]): Arguments {
  const known = new Map(flags.map((flag) => [flag.name, flag]));
  const values = new Map<string, Value>();
  for (const token of tokens(argv, known)) {
    if (token.kind === "flag" && token.flag !== undefined) record(values, token, known);
  }
  return new ReadArguments([], values, known);
}

/** `argv` without the first `words`, which name the command; flags that stand before them stay. */
export function afterCommand(argv: readonly string[], flags: readonly Flag[], words: number): string[] {
  const known = new Map(flags.map((flag) => [flag.name, flag]));
  const dropped = new Set<number>();
  for (const token of tokens(argv, known)) {
    if (token.kind === "word" && dropped.size < words) dropped.add(token.index);
  }
  return argv.filter((_, index) => !dropped.has(index));
}

interface Word {
  readonly kind: "word";
  readonly text: string;
  readonly index: number;
}

interface Given {
  readonly kind: "flag";
  /** As it was typed, without a value. */
  readonly typed: string;
  readonly flag: Flag | undefined;
  /** The switch's state, the flag's value, or undefined where one is missing. */
  readonly value: string | boolean | undefined;
  /** Whether the value was given with `=`. */
  readonly attached?: boolean;
}

function* tokens(argv: readonly string[], known: ReadonlyMap<string, Flag>): Generator<Word | Given> {
  for (let index = 0; index < argv.length; index++) {
    const text = argv[index] ?? "";
    if (text === "--") {
      for (let rest = index + 1; rest < argv.length; rest++) {
        yield { kind: "word", text: argv[rest] ?? "", index: rest };
      }
      return;
    }
    if (text === "-h") {
      yield { kind: "flag", typed: text, flag: known.get("help"), value: true };
    } else if (!text.startsWith("-") || text === "-") {
      yield { kind: "word", text, index };
    } else {
      const equals = text.indexOf("=");
      const typed = equals < 0 ? text : text.slice(0, equals);
      const attached = equals < 0 ? undefined : text.slice(equals + 1);
      const [flag, off] = find(typed, known);
      if (flag === undefined) yield { kind: "flag", typed, flag, value: attached };
      else if (flag.kind === "switch" || flag.kind === "secret-ask") {
        yield { kind: "flag", typed, flag, value: switched(typed, attached, off) };
      } else if (attached !== undefined) yield { kind: "flag", typed, flag, value: attached, attached: true };
      else yield { kind: "flag", typed, flag, value: argv[++index] };
    }
  }
}

function find(typed: string, known: ReadonlyMap<string, Flag>): [flag: Flag | undefined, off: boolean] {
  if (!typed.startsWith("--")) return [undefined, false];
  const name = typed.slice(2).replaceAll("_", "-");
  const flag = known.get(name);
  if (flag !== undefined || !name.startsWith("no-")) return [flag, false];
  const positive = known.get(name.slice(3));
  return [positive?.kind === "switch" ? positive : undefined, true];
}

function switched(typed: string, attached: string | undefined, off: boolean): boolean {
  if (attached !== undefined && attached !== "true" && attached !== "false") {
    throw new UsageError(`Flag ${typed} is a switch and takes no value`);
  }
  return (attached !== "false") !== off;
}

function record(values: Map<string, Value>, given: Given, known: ReadonlyMap<string, Flag>): void {
  const { typed, flag, value, attached } = given;
  if (flag === undefined) throw unknownFlag(typed, [...known.values()]);
  if (flag.kind === "secret") throw secretOnTheLine(flag);
  if (value === undefined || (typeof value === "string" && !attached && looksLikeAFlag(value, known))) {
    throw new UsageError(`Flag ${typed} needs a value`, `Give it as ${typed}=${flag.value ?? "VALUE"}`);
  }
  if (flag.kind === "list") {
    const before = values.get(flag.name);
    values.set(flag.name, [...(Array.isArray(before) ? before : []), ...readList(String(value))]);
  } else if (values.has(flag.name) && typeof value === "string") {
    throw new UsageError(`Flag ${typed} is given twice`);
  } else values.set(flag.name, value);
}

/** `--file --json` is a forgotten value; a value of that name can be given with `=`. */
function looksLikeAFlag(value: string, known: ReadonlyMap<string, Flag>): boolean {
  return value.startsWith("--") && known.has(value.slice(2));
}

function unknownFlag(typed: string, flags: readonly Flag[]): UsageError {
  const near = nearest(typed.replace(/^-+/, ""), flags.map(({ name }) => name));
  const meant = flags.find(({ name, kind }) => name === near && kind === "secret") ? `${near}-file` : near;
  return new UsageError(`There is no flag ${typed}`, meant === undefined ? "See --help" : `Did you mean --${meant}?`);
}

function secretOnTheLine({ name, key }: Flag): UsageError {
  return new UsageError(
    `Flag --${name} is not taken: other users of the machine can read a command line, and the shell keeps it`,
    `Use --${name}-file PATH (- for standard input), the environment variable ${secretVariable(key ?? name)}, ` +
      `or --${name}-ask`,
  );
}

/** The environment variable that holds a secret: `private_key` → `WAYBILL_PRIVATE_KEY`. */
export function secretVariable(key: string): string {
  return `WAYBILL_${key.toUpperCase()}`;
}

class ReadArguments implements Arguments {
  readonly words: readonly string[];
  readonly config: Readonly<Record<string, JsonValue>>;
  readonly secretFiles: ReadonlyMap<string, string>;
  readonly asked: ReadonlySet<string>;
  readonly #values: ReadonlyMap<string, Value>;
  readonly #known: ReadonlyMap<string, Flag>;

  constructor(words: readonly string[], values: ReadonlyMap<string, Value>, known: ReadonlyMap<string, Flag>) {
    this.words = words;
    this.#values = values;
    this.#known = known;
    const config: Record<string, JsonValue> = {};
    const secretFiles = new Map<string, string>();
    const asked = new Set<string>();
    for (const [name, value] of values) {
      const flag = known.get(name);
      if (flag?.key === undefined) continue;
      if (flag.kind === "secret-file") secretFiles.set(flag.key, String(value));
      else if (flag.kind !== "secret-ask") config[flag.key] = Array.isArray(value) ? [...value] : asJson(value);
      else if (value === true) asked.add(flag.key);
    }
    this.config = config;
    this.secretFiles = secretFiles;
    this.asked = asked;
  }

  value(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === "string" ? value : undefined;
  }

  required(name: string): string {
    const value = this.value(name);
    if (value === undefined || value === "") throw new UsageError(`Flag --${name} is missing`);
    return value;
  }

  list(name: string): readonly string[] | undefined {
    const value = this.#values.get(name);
    return Array.isArray(value) ? value : undefined;
  }

  on(name: string): boolean | undefined {
    const value = this.#values.get(name);
    return typeof value === "boolean" ? value : undefined;
  }

  keyOf(name: string): string {
    const flag = name.replace(/^--/, "").replaceAll("_", "-");
    return this.#known.get(flag)?.key ?? flag.replaceAll("-", "_");
  }

  integer(name: string, least: number, most: number): number | undefined {
    const text = this.value(name);
    if (text === undefined) return undefined;
    const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    throw new UsageError(`Flag --${name} must be a whole number from ${least} to ${most}`);
  }
}

function asJson(value: Value): JsonValue {
  return typeof value === "object" ? [...value] : value;
}
