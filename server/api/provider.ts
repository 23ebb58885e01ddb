/**
 * `/api/provider`: the systems that Waybill exchanges data with.
 *
 * @module
 */
import { z } from "zod";
import { describeProvider, summarizeProvider } from "../../core/engine/declarations.ts";
import type { Registry } from "../../core/engine/registry.ts";
import { one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { provider, providerSummary } from "./descriptions.ts";

/** The routes of providers. */
export function providerRoutes(registry: Registry): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/provider",
      name: "listProviders",
      capability: "provider.read",
      tag: "provider",
      summary: "List providers",
      answer: one(z.array(providerSummary), "The providers"),
      handle: () => registry.providers.map((provider) => summarizeProvider(provider, registry)),
    }),
    defineRoute({
      method: "get",
      path: "/api/provider/{id}",
      name: "getProvider",
      capability: "provider.read",
      tag: "provider",
      summary: "Show a provider, with its auth methods, its job types and the JSON Schema of every config",
      params: { id: "Id of the provider" },
      answer: one(provider),
      handle: ({ params }) => describeProvider(registry.provider(params.id), registry),
    }),
  ];
}
