/**
 * What an answer says of its caller's rate limit.
 *
 * The fields are those of the IETF's draft "RateLimit header fields for HTTP" (version 10), and the three of its earlier
 * versions, which more clients read.
 *
 * @module
 */
import type { Bucket } from "../../core/engine/rate_limits.ts";
import type { Admission } from "../../core/engine/rate_window.ts";
import { RequestFailure } from "../errors.ts";

/** The headers of every answer to a request that counts. */
export function rateHeaders(bucket: Bucket, { limit, remaining, reset }: Admission): Readonly<Record<string, string>> {
  return {
    "ratelimit-policy": `"${bucket}";q=${limit.requests};w=${limit.seconds}`,
    "ratelimit": `"${bucket}";r=${remaining};t=${reset}`,
    "ratelimit-limit": String(limit.requests),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(reset),
  };
}

/** The failure (429) of a request that is not let in; `Retry-After` is the first second that succeeds. */
export function tooMany({ limit, reset }: Admission): RequestFailure {
  const often = `${limit.requests} requests in ${limit.seconds === 60 ? "a minute" : `${limit.seconds} s`}`;
  return new RequestFailure(429, `The API key has made its ${often}`, {
    hint: `Try again in ${reset} s`,
    headers: { "retry-after": String(reset) },
  });
}
