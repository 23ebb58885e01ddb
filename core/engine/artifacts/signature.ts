/**
 * The signature of a link: who may fetch which file until when, so that a link which was altered or guessed is known for
 * one before anything is looked up.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** What a link says, and its signature holds it to. */
export interface LinkClaims {
  /** Public id of the account. */
  readonly account: string;
  /** Id of the artifact. */
  readonly artifact: string;
  /** What the file is called. */
  readonly name: string;
  /** From when on it opens nothing: Unix seconds, in digits. */
  readonly expires: string;
}

/** The form of the signature and its key: another of either is a new version beside this one. */
const VERSION = "v1";

/** `v1.` and the HMAC-SHA-256 of the claims, in base64url. */
export function signatureOf(key: Uint8Array, { account, artifact, name, expires }: LinkClaims): string {
  const signed = JSON.stringify([VERSION, account, artifact, name, expires]);
  return `${VERSION}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

/** Whether the signature is that of the claims. How long it takes tells nothing of how much of it is right. */
export function isSigned(key: Uint8Array, claims: LinkClaims, signature: string): boolean {
  const encoder = new TextEncoder();
  // As text: bytes in base64 can be written in more than one way.
  const [right, given] = [encoder.encode(signatureOf(key, claims)), encoder.encode(signature)];
  return given.length === right.length && timingSafeEqual(given, right);
}

/** The path and query of a link. */
export function linkPath(key: Uint8Array, claims: LinkClaims): string {
  const { account, artifact, name, expires } = claims;
  const path = ["files", account, artifact, name].map(encodeURIComponent).join("/");
  return `/${path}?expires=${expires}&signature=${signatureOf(key, claims)}`;
}
