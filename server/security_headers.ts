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

/** Sets the headers, except where the answer has its own; what is `personal`, all under `/api` and `/v1`, may not be stored. */
export function secure(headers: Headers, { personal }: { readonly personal: boolean }): void {
  for (const [name, value] of HEADERS) if (!headers.has(name)) headers.set(name, value);
  if (personal) headers.set("cache-control", "no-store");
}
