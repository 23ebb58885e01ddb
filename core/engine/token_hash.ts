/**
 * The form of API tokens, and what is stored of them.
 *
 * @module
 */

/** Tells a leaked token's origin to whoever finds it. */
const PREFIX = "waybill_";

/** A new token: 32 random bytes. */
export function newToken(): string {
  return PREFIX + crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** What a token is found by: a look-up by hash tells nothing of it by how long it takes. */
export async function hashOf(token: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token))).toHex();
}
