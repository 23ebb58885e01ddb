/**
 * OAuth tokens that an auth was given: sealed with its secrets, named among them, never shown.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { OAuthInput, OAuthToken } from "./runtime.ts";

/** Stored OAuth tokens. */
export type OAuthTokens = { readonly [Name in keyof OAuthInput]: OAuthToken };

/** Where they lie among an auth's secrets: no field of a configuration can have that name. */
export const OAUTH_KEY = "$oauth";

const NAMES = ["oauthtoken", "oauth2token"] as const;

/** How deep one may be: providers give flat objects. */
const DEEPEST = 8;

/** The stored tokens with a change over them: null removes one, one left out stays. Failure `config` for one that is too deep. */
export function changedTokens(stored: OAuthTokens, change: OAuthInput): OAuthTokens {
  const changed: { -readonly [Name in keyof OAuthInput]: OAuthToken } = {};
  for (const name of NAMES) {
    const value = change[name] === undefined ? stored[name] : change[name];
    if (value === undefined || value === null) continue;
    if (isDeeper(value, DEEPEST)) {
      throw new Failure("config", `"${name}" is nested more than ${DEEPEST} deep`, {
        hint: "Give the token as the provider gave it",
      });
    }
    changed[name] = value;
  }
  return changed;
}

function isDeeper(value: JsonValue, most: number): boolean {
  if (value === null || typeof value !== "object") return false;
  return most === 0 || Object.values(value).some((part) => isDeeper(part, most - 1));
}
