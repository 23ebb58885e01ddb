/**
 * A saved authorisation as the API shows it: everything but what was configured, which is write-only (SPEC §4).
 *
 * @module
 */
import { z } from "zod";
import type { AuthView, TokenView } from "../../core/engine/views.ts";

/** A saved authorisation without anything that was configured. */
export type AuthResource = Omit<AuthView, "config">;

/** The schema of {@linkcode AuthResource}. */
export const auth: z.ZodType<AuthResource> = z.object({
  id: z.string(),
  account_id: z.string(),
  provider_id: z.string(),
  provider_name: z.string(),
  method: z.string(),
  label: z.string(),
  description: z.string(),
  secrets: z.array(z.string()).readonly().describe("Names of the secret fields that are set"),
  peer: z.string().nullable().describe("Pinned identity of the other side: its host key's fingerprint"),
  user_id: z.string().nullable().describe("Id of the token that made it; null for one made at the command line"),
  user_name: z.string().nullable().describe("Name that the token had then"),
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
}).meta({ id: "Auth" });

/** The public portions of an auth. */
export function authResource({ config: _, ...view }: AuthView): AuthResource {
  return view;
}

/** Whose auths the tokens are. */
export const TOKEN_PROVIDER = { provider_id: "waybill", provider_name: "Waybill" } as const;

/** A token as the auth that it is, too (SPEC §4). */
export function tokenResource({ name, scopes: _, expires: __, ...token }: TokenView): AuthResource {
  return {
    ...token,
    ...TOKEN_PROVIDER,
    method: "token",
    label: name,
    secrets: ["token"],
    peer: null,
    updated: token.created,
  };
}
