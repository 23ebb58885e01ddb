/**
 * A Waybill plugin for the (invented) web service Contact Book: an auth method with an API key, and a job type that
 * imports a collection of contacts, page by page.
 *
 * @module
 */
import { definePlugin, type PluginDefinition } from "@waybill/waybill";
import { contactBookImport } from "./import.ts";
import { contactBook } from "./provider.ts";

export { Api, type ApiOptions } from "./api.ts";
export type { Collection, Page } from "./answers.ts";
export { contactBookImport, type ContactBookImportConfig, type ContactBookPosition } from "./import.ts";
export { contactBook, type ContactBookConnection, contactBookKey, type ContactBookKeyConfig } from "./provider.ts";

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "contact-book",
  version: "1.0.0",
  api: 1,
  providers: [contactBook],
  jobs: [contactBookImport],
});
