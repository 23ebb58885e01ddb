/**
 * A Waybill plugin that sends the members of an audience to an HTTP endpoint: an auth method with a token, and a job type
 * that posts batches of JSON.
 *
 * @module
 */
import { definePlugin, type PluginDefinition } from "@waybill/waybill";
import { httpExport } from "./export.ts";
import { httpEndpoint } from "./provider.ts";

export { type Delivery, Endpoint, type EndpointOptions } from "./endpoint.ts";
export { httpExport, type HttpExportConfig, type HttpExportPosition } from "./export.ts";
export {
  httpEndpoint,
  type HttpEndpointConnection,
  httpEndpointToken,
  type HttpEndpointTokenConfig,
} from "./provider.ts";

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "http-export",
  version: "1.0.0",
  api: 1,
  providers: [httpEndpoint],
  jobs: [httpExport],
});
