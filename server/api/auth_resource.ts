/**
 * A saved authorisation as the API shows it: its public portions, by their documented names.
 *
 * @module
 */
import { z } from "zod";
import type { Registry } from "../../core/engine/registry.ts";
import type { AuthView } from "../../core/engine/views.ts";

/** A saved authorisation without anything that was configured. */
export type AuthResource = z.output<typeof authObject>;

const authObject = z.object({
  id: z.string(),
  provider_id: z.string(),
  provider_name: z.string(),
  method: z.string(),
  label: z.string(),
  description: z.string(),
  secrets: z.array(z.string()).readonly().describe("Names of the secret fields that are set"),
  peer: z.string().nullable().describe("Pinned identity of the other side: its host key's fingerprint"),
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
}).meta({ id: "Auth" });

/** The schema of {@linkcode AuthResource}. */
export const auth: z.ZodType<AuthResource> = authObject;

/** The public portions of an auth. */
export function authResource(view: AuthView, registry: Registry): AuthResource {
  return {
    id: view.id,
    provider_id: view.provider_id,
    // The auth may outlive the plugin that brought its provider.
    provider_name: registry.providers.find(({ id }) => id === view.provider_id)?.title ?? view.provider_id,
    method: view.method,
    label: view.label,
    description: view.description,
    secrets: view.secrets,
    peer: view.peer,
    created: view.created_at,
    updated: view.updated_at,
  };
}
