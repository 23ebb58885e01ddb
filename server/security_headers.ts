/**
 * Headers that keep a browser from doing more with an answer than it should.
 *
 * @module
 */

const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-resource-policy", "same-origin"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
];

/**
 * Sets the headers. What is `personal`, all under `/api` and `/v1`, may not be stored, and has no such headers of its own;
 * other answers may have.
 */
export function secure(headers: Headers, { personal }: { readonly personal: boolean }): void {
  for (const [name, value] of HEADERS) if (personal || !headers.has(name)) headers.set(name, value);
  if (personal) headers.set("cache-control", "no-store");
}
