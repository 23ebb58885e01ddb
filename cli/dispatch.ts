/**
 * From a command line to the command it names.
 *
 * @module
 */
import { Failure } from "../core/contracts/failure.ts";
import { nearest } from "../core/describe/nearest.ts";
import { App } from "./app.ts";
import { afterCommand, type Arguments, parseArguments, parseKnown, wordsOf } from "./args.ts";
import { inFlags } from "./config_words.ts";
import { type Command, type Flag, GLOBAL_FLAGS, type Noun, VERSION_FLAG } from "./command.ts";
import { reportError } from "./errors.ts";
import { commandHelp, flagsTaken, nounHelp, signature, topHelp } from "./help.ts";
import { NOUNS } from "./nouns.ts";
import { Output, type Sink } from "./output.ts";
import { programName, programVersion } from "./program.ts";
import { UsageError } from "./usage.ts";

/** What the program gives its commands. */
export interface Surroundings {
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Module of the built-in plugins. */
  readonly builtIn: string;
  /** An environment variable. */
  env(name: string): string | undefined;
}

/** Does what the command line says and gives the exit code. */
export async function dispatch(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const out = outputFor(argv, surroundings);
  try {
    argv = helpAsFlag(argv);
    const named = await findCommand(argv, out);
    if (typeof named === "string") {
      out.line(named);
      return 0;
    }
    return await runCommand(argv, named, out, surroundings);
  } catch (error) {
    return reportError(out, error);
  }
}

/** `help auth create` is `auth create --help`. */
function helpAsFlag(argv: readonly string[]): readonly string[] {
  const [first] = wordsOf(argv, GLOBAL_FLAGS);
  return first === "help" ? [...afterCommand(argv, GLOBAL_FLAGS, 1), "--help"] : argv;
}

/** A command, and the words that name it. */
interface Named {
  readonly name: string;
  readonly words: number;
  readonly command: Command;
  /** Verbs that a mistyped first argument may have been meant to be. */
  readonly verbs?: readonly string[];
}

/** How to print has to be known before anything can go wrong. */
function outputFor(argv: readonly string[], { stdout, stderr, env }: Surroundings): Output {
  const flags = flagsOnly(argv);
  const colors = flags.filter((flag) => flag === "--color" || flag === "--no-color");
  const noColor = (env("NO_COLOR") ?? "") !== "";
  const forced = (env("FORCE_COLOR") ?? "") !== "";
  const color = colors.length > 0 ? colors.at(-1) === "--color" : noColor ? false : forced ? true : undefined;
  return new Output(stdout, stderr, { json: flags.includes("--json"), quiet: flags.includes("--quiet"), color });
}

function flagsOnly(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  return end < 0 ? argv : argv.slice(0, end);
}

function wantsHelp(argv: readonly string[]): boolean {
  return flagsOnly(argv).some((flag) => flag === "--help" || flag === "-h");
}

/** The command that the first words name, or the text to print instead. */
async function findCommand(argv: readonly string[], out: Output): Promise<Named | string> {
  const [first] = wordsOf(argv, [...GLOBAL_FLAGS, VERSION_FLAG]);
  if (first === undefined) {
    const unknown = parseArguments(argv, [...GLOBAL_FLAGS, VERSION_FLAG]);
    if (unknown.on("version")) return await version(out);
    // Whoever asks for JSON is a program, and means to do something.
    if (out.json && !wantsHelp(argv)) throw new UsageError("A noun is missing", `See ${programName()} --help`);
    return topHelp(out);
  }
  const entry = Object.hasOwn(NOUNS, first) ? NOUNS[first] : undefined;
  if (entry === undefined) throw unknownWord("noun", first, Object.keys(NOUNS), programName());
  const noun = await entry.load();
  const [, second] = wordsOf(argv, [...GLOBAL_FLAGS, ...flagsOf(noun)]);
  const verb = second !== undefined && Object.hasOwn(noun.verbs ?? {}, second) ? noun.verbs?.[second] : undefined;
  if (verb !== undefined) return { name: `${first} ${second}`, words: 2, command: verb };
  const isBare = second === undefined && noun.verbs !== undefined;
  if (isBare && wantsHelp(argv)) return nounHelp(out, first, noun);
  const verbs = Object.keys(noun.verbs ?? {});
  if (noun.self !== undefined) return { name: first, words: 1, command: noun.self, verbs };
  if (second === undefined) throw new UsageError(`"${first}" needs a verb`, `One of ${verbs.join(", ")}`);
  throw unknownWord("verb", second, verbs, `${programName()} ${first}`);
}

async function version(out: Output): Promise<string> {
  const version = await programVersion();
  return out.json ? JSON.stringify({ version }) : `waybill ${version}`;
}

function flagsOf({ self, verbs = {} }: Noun): Flag[] {
  return [self, ...Object.values(verbs)].flatMap((command) => command?.flags ?? []);
}

function unknownWord(kind: string, word: string, known: readonly string[], program: string): UsageError {
  const near = nearest(word, known);
  return new UsageError(
    `There is no ${kind} "${word}"`,
    near === undefined ? `See ${program} --help` : `Did you mean "${near}"?`,
  );
}

async function runCommand(
  argv: readonly string[],
  { name, words, command, verbs = [] }: Named,
  out: Output,
  { builtIn, env }: Surroundings,
): Promise<number> {
  const given = parseKnown(argv, GLOBAL_FLAGS);
  const home = given.value("home") ?? command.home;
  if (home === "") throw new UsageError("Flag --home is empty", "Give it as --home=DIR, or leave it out");
  const plugins = given.list("plugin");
  await using app = new App({
    out,
    home: home ?? (env("WAYBILL_HOME") || DEFAULT_HOME),
    homeGiven: home !== undefined,
    builtIn,
    plugins: plugins ?? (env("WAYBILL_PLUGINS") ?? "").split(",").filter((module) => module !== ""),
    pluginsGiven: plugins !== undefined,
    account: given.value("account"),
    runner: command.runner ?? "none",
  });
  try {
    const rest = afterCommand(argv, [...GLOBAL_FLAGS, ...(command.flags ?? [])], words);
    if (wantsHelp(argv)) {
      out.line(await helpFor(app, name, command, rest));
      return 0;
    }
    if (command.executes) await app.startThreads();
    if (command.counts) await app.startCounting();
    const [args, declared] = await readArguments(app, name, command, rest).catch((error) => {
      throw meantVerb(error, name, verbs, wordsOf(rest, [...GLOBAL_FLAGS, ...(command.flags ?? [])]));
    });
    try {
      return await command.run(app, args) ?? 0;
    } catch (error) {
      if (command.declared === undefined) throw error;
      throw withHelp(inFlags(error, declared), app.command(...name.split(" "), args.words[0] ?? ""));
    }
  } catch (error) {
    return reportError(out, error, app);
  }
}

/** `run shw 12ab` gives a job that is not there, or an argument too many, where `run show 12ab` was meant. */
function meantVerb(error: unknown, name: string, verbs: readonly string[], [word = ""]: readonly string[]): unknown {
  const isOfWord = error instanceof UsageError || (error instanceof Failure && error.code === "not_found");
  const near = nearest(word, verbs);
  if (!isOfWord || near === undefined || error.hint?.startsWith("Did you mean")) return error;
  return new UsageError(`${error.message}`, `Did you mean "${name} ${near}"?`);
}

/** A configuration that is refused without saying what to do: the flags' help tells. */
function withHelp(error: unknown, command: string): unknown {
  if (!(error instanceof Failure) || error.kind !== "config" || error.hint !== undefined) return error;
  return new Failure(error.kind, error.message, { hint: `See ${command} --help`, cause: error });
}

/** Beside a clone's sources, where its user sees it; `.gitignore` knows it. */
const DEFAULT_HOME = ".waybill";

async function helpFor(app: App, name: string, command: Command, rest: readonly string[]): Promise<string> {
  const words = wordsOf(rest, [...GLOBAL_FLAGS, ...(command.flags ?? [])]);
  const declared = words.length > 0 ? await command.declared?.(app, words) : undefined;
  const subjects = words.length === 0 ? await command.subjects?.(app) : undefined;
  return commandHelp(app.out, name, command, { words, declared, subjects });
}

/** Reads the flags and arguments of a command, and gives the flags that its plugin declares, too. */
async function readArguments(
  app: App,
  name: string,
  command: Command,
  rest: readonly string[],
): Promise<[args: Arguments, declared: readonly Flag[]]> {
  const own = [...GLOBAL_FLAGS, ...(command.flags ?? [])];
  if (command.declared === undefined) return [checked(parseArguments(rest, own), name, command), []];
  // What the command is about decides which flags there are, and which of them take a value decides what it is about:
  // so first every flag that there could be.
  const { flags: every } = await command.declared(app, []);
  const { words } = checked(parseArguments(rest, [...every, ...own]), name, command);
  const declared = await command.declared(app, words);
  const taken = [...flagsTaken(command, declared), ...GLOBAL_FLAGS];
  return [checked(parseArguments(rest, taken), name, command), declared.flags];
}

function checked(args: Arguments, name: string, command: Command): Arguments {
  const all = command.args ?? [];
  const missing = all[args.words.length];
  const usage = `${programName()} ${signature(name, command)}`;
  if (missing !== undefined) throw new UsageError(`${missing.name} is missing`, `Usage: ${usage}`);
  if (args.words.length > all.length) {
    throw new UsageError(`"${name}" takes ${all.length} arguments, not ${args.words.length}`, `Usage: ${usage}`);
  }
  return args;
}
