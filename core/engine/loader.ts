/**
 * Loads the plugins that are named by the operator.
 *
 * @module
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure } from "../contracts/failure.ts";
import { PLUGIN_API, type PluginDefinition } from "../contracts/plugin.ts";

/**
 * Loads plugin modules: files (`./acme.ts`), URLs or packages (`npm:acme`). A module exports one as `plugin` or several
 * as `plugins`. Failure `config` that names the module which does not load or holds no plugin for this Waybill.
 */
export async function loadPlugins(specifiers: readonly string[]): Promise<PluginDefinition[]> {
  const loaded: PluginDefinition[] = [];
  for (const specifier of specifiers) loaded.push(...pluginsOf(specifier, await load(specifier)));
  return loaded;
}

async function load(specifier: string): Promise<object> {
  // A path starts where the command was given, not at this module.
  const isPath = /^(?:\.{0,2}\/|[A-Za-z]:\\)/.test(specifier);
  try {
    return await import(isPath ? pathToFileURL(resolve(specifier)).href : specifier);
  } catch (error) {
    throw failure(specifier, error instanceof Error ? firstLine(error.message) : String(error), {
      hint: "Check its name, and that its imports and permissions are there",
      cause: error,
    });
  }
}

function pluginsOf(specifier: string, module: object): PluginDefinition[] {
  const exported: unknown[] = "plugin" in module
    ? [module.plugin]
    : "plugins" in module && Array.isArray(module.plugins)
    ? module.plugins
    : [];
  if (exported.length === 0) {
    throw failure(specifier, "the module exports no plugin", {
      hint: 'Export what definePlugin gives as "plugin", or several in an array as "plugins"',
    });
  }
  return exported.map((value) => {
    if (typeof value !== "object" || value === null || !("name" in value) || typeof value.name !== "string") {
      throw failure(specifier, "what it exports is no plugin", { hint: "Export what definePlugin gives" });
    }
    const api = "api" in value ? value.api : undefined;
    if (api !== PLUGIN_API) {
      throw failure(specifier, `it is written for version ${String(api)} of the plugin contract, not ${PLUGIN_API}`, {
        hint: "Install a version of the plugin that fits this Waybill",
      });
    }
    // The rest of its shape is checked where plugins are put together: built-in ones are, too.
    return value as PluginDefinition;
  });
}

function failure(specifier: string, reason: string, options: { hint: string; cause?: unknown }): Failure {
  return new Failure("config", `Plugin "${specifier}" could not be loaded: ${reason}`, options);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
