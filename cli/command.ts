/**
 * What a command of the CLI is: a line in a table, read by the parser, the help and the dispatcher alike.
 *
 * @module
 */
import type { App } from "./app.ts";
import type { Arguments } from "./args.ts";

/** One flag. */
export interface Flag {
  /** Without its dashes. */
  readonly name: string;
  /**
   * `value` takes one; `list` several, comma-separated or repeated; `switch` none, and `--no-NAME` turns it off;
   * `secret-file` the path of a file that holds a secret; `secret-ask` asks for a secret; `secret` is the secret
   * itself, which is refused.
   */
  readonly kind: "value" | "list" | "switch" | "secret-file" | "secret-ask" | "secret";
  /** One line. */
  readonly help: string;
  /** What a value is called in the help: `PATH`. */
  readonly value?: string;
  /** Key of the configuration that it sets. */
  readonly key?: string;
  /** Shown after the plain ones. */
  readonly advanced?: boolean;
}

/** One argument that is no flag. */
export interface Argument {
  /** In capitals: `JOB-TYPE`. */
  readonly name: string;
}

/** What a command learns from the plugins once it knows what it is about. */
export interface Declared {
  /** One that the command has as well stands in its stead. */
  readonly flags: readonly Flag[];
  /** Names of the command's flags that say nothing to it: they are neither shown nor taken. */
  readonly omits?: readonly string[];
  /** Replaces the command's own summary in the help. */
  readonly summary?: string;
}

/** One command. */
export interface Command {
  /** One sentence. */
  readonly summary: string;
  readonly args?: readonly Argument[];
  readonly flags?: readonly Flag[];
  /** Commands worth copying, from the noun on. */
  readonly examples?: readonly string[];
  /** Data directory unless `--home` names one; it stands for WAYBILL_HOME too, so as to keep out of the user's own. */
  readonly home?: string;
  /** What the process does with runs: `cli` executes those it starts; `none` unless told. */
  readonly runner?: "cli";
  /** Whether it is there to execute a run: the run's threads start before anything else is looked at. */
  readonly executes?: true;
  /** Whether it is there to count an audience: the thread that helps starts before anything else is looked at. */
  readonly counts?: true;
  /**
   * Flags that the plugins declare for what `words` (the arguments) name. Without words: the flags of everything that
   * could be named, so that the parser knows which of them take a value.
   */
  declared?(app: App, words: readonly string[]): Promise<Declared>;
  /** What its first argument may be, with one sentence each, for the help. */
  subjects?(app: App): Promise<readonly (readonly [name: string, summary: string])[]>;
  /** Does it. Gives the exit code where it is not 0. */
  run(app: App, args: Arguments): Promise<number | void>;
}

/** A noun: commands by verb, and the command that it is itself. */
export interface Noun {
  readonly verbs?: Readonly<Record<string, Command>>;
  /** What the noun does when no verb follows it. */
  readonly self?: Command;
}

/** Flags that every command takes. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  { name: "home", kind: "value", value: "DIR", help: "Data directory; else WAYBILL_HOME, else ./.waybill" },
  { name: "account", kind: "value", value: "NAME|ID", help: "Account to work in; else the first" },
  { name: "plugin", kind: "list", value: "MODULE", help: "Load this plugin too; else those in WAYBILL_PLUGINS" },
  { name: "json", kind: "switch", help: "Print one JSON value on standard output, errors as JSON on standard error" },
  { name: "quiet", kind: "switch", help: "No progress, no notes, no hints" },
  { name: "color", kind: "switch", help: "Colours, on a terminal unless NO_COLOR is set; --no-color for none" },
  { name: "help", kind: "switch", help: "Show this" },
];

/** `--version`, which only stands alone. */
export const VERSION_FLAG: Flag = { name: "version", kind: "switch", help: "Show the version" };
