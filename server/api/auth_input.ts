/**
 * What makes or changes a saved authorisation, in every form that the documents show.
 *
 * @module
 */
import { z } from "zod";
import { Failure } from "../../core/contracts/failure.ts";
import type { ConfigInput, OAuthInput, OAuthToken } from "../../core/engine/runtime.ts";
import type { Registry } from "../../core/engine/registry.ts";
import type { AuthView } from "../../core/engine/views.ts";
import { configValue } from "./inputs.ts";
import { jsonValue } from "./schemas.ts";

const pairs = z.array(z.strictObject({ name: z.string(), value: configValue }));
const oauthToken: z.ZodType<OAuthToken | null> = z.record(z.string(), jsonValue).nullable();

const common = {
  provider_id: z.string().min(1).exactOptional().describe("Provider of the method"),
  method: z.string().min(1).exactOptional().describe("Auth method; may be left out where the provider has just one"),
  label: z.string().min(1).exactOptional().describe("Unique name for people"),
  description: z.string().exactOptional(),
  oauthtoken: oauthToken.exactOptional().describe("OAuth 1 token; write-only, null removes it"),
  oauth2token: oauthToken.exactOptional().describe("OAuth 2 token; write-only, null removes it"),
};

/** A configuration as an object, or as a list of names and values. */
export type AuthConfigInput = z.output<typeof anyConfig>;
const anyConfig = z.union([z.record(z.string(), configValue), pairs], {
  error: "must be an object, or a list of names and values",
});

/** The body that makes an auth. Its documentation names the config of every method. */
export function createBody(registry: Registry): z.ZodObject<typeof common & { config: z.ZodType<AuthConfigInput> }> {
  const schemas = registry.providers.flatMap(({ auths }) => auths.map(({ id }) => `\`config.${id}\``));
  return z.strictObject({
    ...common,
    config: anyConfig.describe(`By field name, or a list of names and values. Schemas: ${schemas.join(", ")}`),
  });
}

/** The body that changes an auth. */
export const updateBody: z.ZodObject<typeof common & { config: z.ZodExactOptional<typeof anyConfig> }> = z.strictObject(
  { ...common, config: anyConfig.exactOptional() },
);

/** The OAuth tokens of a body, where it has any. */
export function oauthOf({ oauthtoken, oauth2token }: OAuthInput): { readonly oauth?: OAuthInput } {
  if (oauthtoken === undefined && oauth2token === undefined) return {};
  return {
    oauth: {
      ...(oauthtoken === undefined ? {} : { oauthtoken }),
      ...(oauth2token === undefined ? {} : { oauth2token }),
    },
  };
}

/** Both forms of a configuration as one. */
export function configOf(config: AuthConfigInput): ConfigInput {
  if (!Array.isArray(config)) return config;
  const names = new Set<string>();
  for (const { name } of config) {
    if (names.has(name)) throw new Failure("config", `Config name "${name.slice(0, 64)}" is given twice`);
    names.add(name);
  }
  return Object.fromEntries(config.map(({ name, value }) => [name, value]));
}

/** The auth method that a new auth is for: the one named, or its provider's only one. */
export function methodOf(
  { provider_id, method }: { readonly provider_id?: string; readonly method?: string },
  registry: Registry,
): string {
  if (method !== undefined) {
    const { provider } = registry.auth(method);
    if (provider_id === undefined || registry.provider(provider_id).id === provider.id) return method;
    throw new Failure("config", `Auth method "${method}" is one of provider "${provider.id}", not "${provider_id}"`, {
      hint: "Leave provider_id out: it follows from the method",
    });
  }
  if (provider_id === undefined) {
    throw new Failure("config", 'Body field "method" is missing', { hint: "See GET /api/provider for what there is" });
  }
  const methods = registry.provider(provider_id).auths.map(({ id }) => id);
  const [only] = methods;
  if (only !== undefined && methods.length === 1) return only;
  throw new Failure("config", `Body field "method" is missing: provider "${provider_id}" has several`, {
    hint: `Give one of ${methods.join(", ")}`,
  });
}

/** Refuses a change of provider or method: that is another auth. */
export function checkProvider(auth: AuthView, providerId: string | undefined, method: string | undefined): void {
  if ((providerId ?? auth.provider_id) === auth.provider_id && (method ?? auth.method) === auth.method) return;
  throw new Failure("config", `Auth "${auth.label}" cannot change its provider or method`, {
    hint: "Create another auth",
  });
}
