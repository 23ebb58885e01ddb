/**
 * The form of API tokens, and what is stored of them.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** Tells a leaked token's origin to whoever finds it. */
const PREFIX = "waybill_";

/** A new token: 32 random bytes. */
export function newToken(): string {
  return PREFIX + crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** What a token is found by: a look-up by hash tells nothing of it by how long it takes. */
export function hashOf(token: string): string {
  // Each request comes by here: Web Crypto would hand the few bytes to another thread and wait.
  return createHash("sha256").update(token).digest("hex");
}
