/**
 * Loads the plugins that are named by the operator.
 *
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Failure } from "../contracts/failure.ts";
import { PLUGIN_API, type PluginDefinition } from "../contracts/plugin.ts";
import { importFailure } from "./import_failure.ts";
import { buildRegistry, type Registry } from "./registry.ts";

/** Longest time that a file may take to load, in milliseconds. */
const LOAD_WITHIN = 30_000;
/** The same of packages and URLs, whose first load fetches them, over whatever line there is. */
const FETCH_WITHIN = 300_000;

/** How to load plugins. */
export interface LoadOptions {
  /** Longest time that a file may take to load, in milliseconds; 30 seconds unless told. */
  readonly loadWithin?: number;
  /** Longest time that a package or URL may take to be fetched and loaded, in milliseconds; 5 minutes unless told. */
  readonly fetchWithin?: number;
}

/** A plugin and the module it came from. */
interface LoadedPlugin {
  readonly plugin: PluginDefinition;
  /** As the operator named it. */
  readonly specifier: string;
}

/** Registries by what they were loaded from: modules are evaluated once in a thread, so there is nothing new in them. */
const registries = new Map<string, Promise<Registry>>();

/**
 * Loads plugin modules and makes the registry of them, once in a thread unless that fails: files (`./acme.ts`), packages
 * (`npm:acme@1`, `jsr:@acme/x@1`) or URLs (`https://…`); one that is named twice is loaded once. A module exports one as
 * `plugin` or several as `plugins`. Failure `config` that names the module: it is not there, it throws, it does not finish
 * loading, it holds no plugin for this Waybill, or what it brings does not fit beside the others.
 */
export function loadRegistry(specifiers: readonly string[], options: LoadOptions = {}): Promise<Registry> {
  const key = JSON.stringify(specifiers.map((specifier) => [specifier, urlOf(specifier)]));
  const known = registries.get(key);
  if (known !== undefined) return known;
  const registry = loadPlugins(specifiers, options);
  registries.set(key, registry);
  // A package may be there the next time.
  registry.catch(() => registries.delete(key));
  return registry;
}

async function loadPlugins(
  specifiers: readonly string[],
  { loadWithin = LOAD_WITHIN, fetchWithin = FETCH_WITHIN }: LoadOptions,
): Promise<Registry> {
  const modules = new Map<string, LoadedPlugin[]>();
  for (const specifier of specifiers) {
    const url = urlOf(specifier);
    const within = url.startsWith("file:") ? loadWithin : fetchWithin;
    if (!modules.has(url)) modules.set(url, pluginsOf(specifier, await load(specifier, url, within)));
  }
  const loaded = [...modules.values()].flat();
  const origins = new Map(loaded.map(({ plugin, specifier }) => [plugin, specifier]));
  return buildRegistry(loaded.map(({ plugin }) => plugin), (plugin) => origins.get(plugin));
}

/** What `import()` takes: a path starts where the command was given, not at this module. */
function urlOf(specifier: string): string {
  const isPath = /^(?:\.{0,2}\/|[A-Za-z]:\\)/.test(specifier);
  return isPath ? pathToFileURL(resolve(specifier)).href : specifier;
}

async function load(specifier: string, url: string, within: number): Promise<object> {
  // A module that awaits what never comes leaves nothing for the process to do, which then would just end: the timer
  // keeps it alive.
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const hint =
      "Where packages are being fetched, try again: what has come is kept. Else its author can mend that: a " +
      "module must not wait for what may never come while it is loaded";
    late.reject(new Failure("config", `it did not finish loading within ${within / 1_000} s`, { hint }));
  }, within);
  try {
    if (url.startsWith("file:")) await mustBeFile(fileURLToPath(url));
    return await Promise.race([import(url), late.promise]);
  } catch (error) {
    throw importFailure(specifier, error);
  } finally {
    clearTimeout(timer);
  }
}

/** Deno's own words for a path that is not there are the same as for an import of the plugin's that is not. */
async function mustBeFile(path: string): Promise<void> {
  const info = await Deno.stat(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Failure("config", `there is no file "${path}"`, { hint: "Check the path", cause: error });
  });
  if (!info.isDirectory) return;
  throw new Failure("config", `"${path}" is a folder`, { hint: "Name the module in it: mod.ts, for example" });
}

function pluginsOf(specifier: string, module: object): LoadedPlugin[] {
  const exported: unknown[] = "plugin" in module
    ? [module.plugin]
    : "plugins" in module && Array.isArray(module.plugins)
    ? module.plugins
    : [];
  if (exported.length === 0) {
    const names = Object.keys(module).map((name) => `"${name}"`).join(", ");
    throw failure(specifier, `the module exports no plugin, but ${names === "" ? "nothing" : names}`, {
      hint: 'Export what definePlugin gives as "plugin", or several in an array as "plugins"',
    });
  }
  return exported.map((value) => ({ plugin: pluginOf(specifier, value), specifier }));
}

function pluginOf(specifier: string, value: unknown): PluginDefinition {
  if (typeof value !== "object" || value === null || !("name" in value) || typeof value.name !== "string") {
    throw failure(specifier, "what it exports is no plugin", { hint: "Export what definePlugin gives" });
  }
  const api = "api" in value ? value.api : undefined;
  if (api !== PLUGIN_API) {
    const version = api === undefined ? "no version" : `version ${JSON.stringify(api)}`;
    throw failure(specifier, `it is written for ${version} of the plugin contract, not ${PLUGIN_API}`, {
      hint: "Install a version of the plugin that fits this Waybill",
    });
  }
  // The rest of its shape is checked where plugins are put together: built-in ones are, too.
  return value as PluginDefinition;
}

function failure(specifier: string, reason: string, options: { hint: string }): Failure {
  return new Failure("config", `Plugin "${specifier}" could not be loaded: ${reason}`, options);
}
