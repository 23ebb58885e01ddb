/**
 * What a plugin is: providers and job types under one name and version.
 *
 * @module
 */
import type { JobDefinition } from "./job.ts";
import type { ProviderDefinition } from "./provider.ts";

/** The contract's version that this Waybill speaks. */
export const PLUGIN_API = 1;

/** A plugin module exports this as `plugin`. Made with {@linkcode definePlugin}. */
export interface PluginDefinition {
  /** Kebab-case, unique. */
  readonly name: string;
  /** The plugin's own version (semver). */
  readonly version: string;
  /** The contract it is written for. */
  readonly api: typeof PLUGIN_API;
  /** Providers it brings. A provider that another plugin brings is named by its jobs alone. */
  readonly providers?: readonly ProviderDefinition[];
  /** Job types it brings. */
  readonly jobs?: readonly JobDefinition[];
}

/** Defines a plugin. */
export function definePlugin(plugin: PluginDefinition): PluginDefinition {
  return plugin;
}
