/**
 * The provider `bulk`: what programs bring and fetch by the bulk APIs.
 *
 * It has no auth methods: whoever calls has an API key, and the file is in the call. From servers and folders its job
 * types read with the auths of the file service.
 *
 * @module
 */
import { definePlugin, defineProvider, type PluginDefinition, type ProviderDefinition } from "@waybill/waybill";

/** The bulk APIs. */
export const bulk: ProviderDefinition = defineProvider({
  id: "bulk",
  title: "Bulk APIs",
  summary: "Files that programs send and fetch with an API key, and the same files from servers and folders.",
  auths: [],
});

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({ name: "bulk", version: "0.1.0", api: 1, providers: [bulk] });
