/**
 * Who calls the bulk APIs: an API key and its secret, as RFC 7617 sends them. What a client finds in the address
 * (`https://key:secret@…`) it sends the same way.
 *
 * @module
 */
import type { VerifyApiKey } from "../../core/engine/api_key_check.ts";
import type { Caller } from "../../core/engine/token_check.ts";
import { RequestFailure } from "../errors.ts";

/** Longest credentials that are looked at. */
const LONGEST = 1_000;

/** Whose API key a request brings. Failure of status 401 for none, and for one that is not good. */
export async function apiCaller({ headers }: Request, verify: VerifyApiKey): Promise<Caller> {
  const given = headers.get("authorization");
  const credentials = given === null ? undefined : credentialsOf(given);
  const caller = credentials && await verify(credentials.key, credentials.secret);
  if (caller !== undefined) return caller;
  const message = given === null
    ? "The request has no API key"
    : credentials === undefined
    ? "The request's credentials are no API key and secret by Basic authentication"
    : "The API key and secret are not good";
  throw new RequestFailure(401, message, {
    hint: "Send them by Basic authentication: `curl -u KEY:SECRET`",
    headers: { "www-authenticate": 'Basic realm="waybill", charset="UTF-8"' },
  });
}

function credentialsOf(header: string): { readonly key: string; readonly secret: string } | undefined {
  const encoded = /^ *Basic +([A-Za-z0-9+/]+=*) *$/i.exec(header)?.[1];
  if (encoded === undefined || encoded.length > LONGEST) return undefined;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(encoded));
  } catch {
    return undefined;
  }
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { key: text.slice(0, colon), secret: text.slice(colon + 1) };
}
