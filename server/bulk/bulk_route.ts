/**
 * How an endpoint of the bulk APIs is declared.
 *
 * @module
 */
import type { z } from "zod";
import type { Bucket } from "../../core/engine/rate_limits.ts";
import { defineRoute, type Route } from "../route.ts";

/** What the endpoints of the bulk APIs have in common is not theirs to say. */
type Common = "capability" | "tag" | "bucket";

/** Defines an endpoint under `/v1`, with the rate limit that its requests count against; null = none. */
export function bulkRoute<
  Result,
  const Params extends Readonly<Record<string, string>> = Readonly<Record<never, string>>,
  Query extends z.ZodObject = z.ZodObject<Record<never, z.ZodType>>,
  Body extends z.ZodType = z.ZodUndefined,
>(
  route:
    & Omit<Parameters<typeof defineRoute<Result, Params, Query, Body>>[0], Common>
    & { readonly path: `/v1/${string}`; readonly bucket: Bucket | null },
): Route {
  return defineRoute<Result, Params, Query, Body>({ ...route, capability: null, tag: "bulk" });
}
