/**
 * What a command has at hand: the data directory, the plugins, the runtime, and where to print.
 *
 * @module
 */
import { later } from "../core/contracts/later.ts";
import type { JsonValue } from "../core/contracts/records.ts";
import { flagName } from "../core/describe/names.ts";
import type { CountThread } from "../core/engine/count_thread.ts";
import type { OpenAudiences } from "../core/engine/open_audiences.ts";
import type { Registry } from "../core/engine/registry.ts";
import type { Runtime } from "../core/engine/runtime.ts";
import type { RunThreads } from "../core/engine/run_threads.ts";
import { shellQuote, visibleLines } from "./format.ts";
import type { Output } from "./output.ts";
import { programName } from "./program.ts";

const DATABASE_URL = "WAYBILL_DATABASE_URL";

/** What a command has at hand. */
export interface AppOptions {
  readonly out: Output;
  /** Data directory. */
  readonly home: string;
  /** Whether the data directory was named by a flag: commands to be pasted repeat it. */
  readonly homeGiven: boolean;
  /** Account that the user named, by name or id; the first one unless told. */
  readonly account?: string | undefined;
  /** Module of the built-in plugins. */
  readonly builtIn: string;
  /** Modules of other plugins. */
  readonly plugins: readonly string[];
  /** Whether those were named by a flag: commands to be pasted repeat it. */
  readonly pluginsGiven: boolean;
  /** Whether runs that this process starts are executed by it. */
  readonly runner: "cli" | "none";
}

/** What a command has at hand. Disposing of it closes the runtime, if it was opened. */
export class App implements AsyncDisposable {
  readonly out: Output;
  readonly home: string;
  readonly #options: AppOptions;
  #runner: AppOptions["runner"];
  #registry: Promise<Registry> | undefined;
  #runtime: Promise<Runtime> | undefined;
  #threads: RunThreads | undefined;
  #audiences: Promise<OpenAudiences> | undefined;
  #countThread: CountThread | undefined;
  /** Variables that commands to be pasted set. */
  #variables: readonly string[] = [];

  constructor(options: AppOptions) {
    this.#options = options;
    this.#runner = options.runner;
    this.out = options.out;
    this.home = options.home;
  }

  /** What the plugins declare; opens no database. */
  registry(): Promise<Registry> {
    return this.#registry ??= this.#loadRegistry();
  }

  /** The runtime, opened at the first call. */
  runtime(): Promise<Runtime> {
    return this.#runtime ??= this.#openRuntime();
  }

  /** The audiences alone, to be looked at, opened at the first call: sooner than the runtime, and without plugins. */
  async audiences(): Promise<OpenAudiences["audiences"]> {
    return (await (this.#audiences ??= this.#openAudiences())).audiences;
  }

  /**
   * Uses SQLite in the data directory, whatever `WAYBILL_DATABASE_URL` says; where it says something, tells so, and
   * commands to be pasted do the same. Only before the runtime is opened.
   */
  useSqlite(): void {
    if (!Deno.env.get(DATABASE_URL)) return;
    // Threads read it as well.
    Deno.env.delete(DATABASE_URL);
    this.#variables = [`${DATABASE_URL}=`];
    this.out.note(`${DATABASE_URL} is not used: this keeps to a database of its own in ${this.home}\n`);
  }

  /**
   * Starts the threads of the run that is to come: they load what it needs while this one finds out what it is. Where
   * another process takes the run, they were started for nothing.
   */
  async startThreads(): Promise<void> {
    const { loadEngine, startRunThreads } = await engine();
    this.#threads ??= startRunThreads(this.modules);
    // Opening the runtime needs it: beside the plugins it is loaded in half the time.
    loadEngine().catch(() => {});
  }

  /** Starts the thread that counts an audience together with this one, while this one finds out which audience it is. */
  async startCounting(): Promise<void> {
    const { CountThread } = await import("../core/engine/count_thread.ts");
    this.#countThread ??= new CountThread();
    this.#countThread.start();
  }

  /** Leaves the runs that this process queues to others. Only before the runtime is opened. */
  leaveRuns(): void {
    this.#runner = "none";
  }

  /** A command to be pasted, with the data directory, the account and the plugins in it where the user named them. */
  command(...words: readonly string[]): string {
    return this.#pasteable(words.map(shellQuote).join(" "));
  }

  /**
   * A text of the engine's, with its `waybill …` commands as this user has to type them, and its configuration keys as
   * flags: `file_name`, and `key: VALUE`.
   */
  phrase(text: string): string {
    if (text.startsWith("waybill ")) return this.#pasteable(text.slice("waybill ".length));
    return text.replace(/`waybill ([^`]+)`/g, (_, words: string) => `\`${this.#pasteable(words)}\``)
      .replace(/`([a-z]+(?:_[a-z]+)+)`/g, (_, key: string) => `--${flagName(key)}`)
      .replace(
        /`([a-z]+(?:_[a-z]+)*): ([^`]+)`/g,
        (_, key: string, value: string) => value === "true" ? `--${flagName(key)}` : `--${flagName(key)} ${value}`,
      );
  }

  #pasteable(words: string): string {
    const { homeGiven, account, plugins, pluginsGiven } = this.#options;
    const home = homeGiven ? ["--home", shellQuote(this.home)] : [];
    const modules = pluginsGiven ? plugins.flatMap((module) => ["--plugin", shellQuote(module)]) : [];
    const tenant = account === undefined ? [] : ["--account", shellQuote(account)];
    return [...this.#variables, programName(), words, ...home, ...tenant, ...modules].join(" ");
  }

  async #loadRegistry(): Promise<Registry> {
    if (this.#runtime !== undefined) return (await this.#runtime).registry;
    const [{ loadRegistry }, { readConfigFile }] = await Promise.all([
      later<typeof import("../core/engine/loader.ts")>(import.meta.resolve("../core/engine/loader.ts")),
      later<typeof import("../core/engine/config_file.ts")>(import.meta.resolve("../core/engine/config_file.ts")),
    ]);
    return await loadRegistry([...this.modules, ...(await readConfigFile(this.home)).plugins]);
  }

  async #openRuntime(): Promise<Runtime> {
    const [{ openRuntime }, { createLog }, { thisUser }] = await Promise.all([
      engine().then(({ loadEngine }) => loadEngine()),
      import("../core/engine/log.ts"),
      import("./user.ts"),
    ]);
    const log = createLog({ write: (line) => this.#log(line) });
    const { account } = this.#options;
    return await openRuntime({
      home: this.home,
      plugins: this.modules,
      runner: this.#runner,
      threads: this.#threads,
      ...(account === undefined ? {} : { account }),
      actor: await thisUser(),
      log,
    });
  }

  async #openAudiences(): Promise<OpenAudiences> {
    const [{ openAudiences }, { thisUser }] = await Promise.all([
      later<typeof import("../core/engine/open_audiences.ts")>(import.meta.resolve("../core/engine/open_audiences.ts")),
      import("./user.ts"),
    ]);
    const { account } = this.#options;
    return await openAudiences({
      home: this.home,
      ...(account === undefined ? {} : { account }),
      actor: await thisUser(),
      countThread: this.#countThread,
    });
  }

  /** Modules of all plugins, the built-in ones first; those that `waybill.json` names come after them. */
  get modules(): readonly string[] {
    return [this.#options.builtIn, ...this.#options.plugins];
  }

  /** Shows what the engine tells; what a run warns of or fails with is in its own report. */
  #log(line: string): void {
    const { level, message, run, status }: Record<string, JsonValue> = JSON.parse(line);
    // How a run ended is in its report.
    if (run !== undefined && status !== undefined) return;
    const text = visibleLines(String(message));
    const isStack = /\n\s+at /.test(text);
    if (level === "info") this.out.note(this.out.talk("dim", text));
    else if (isStack || run === undefined) this.out.tell(`${this.out.talk("yellow", String(level))}: ${text}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#runtime?.catch(() => undefined))?.[Symbol.asyncDispose]();
    await (await this.#audiences?.catch(() => undefined))?.[Symbol.asyncDispose]();
    this.#threads?.[Symbol.dispose]();
    this.#countThread?.[Symbol.dispose]();
  }
}

function engine(): Promise<typeof import("./engine.ts")> {
  return later(import.meta.resolve("./engine.ts"));
}
