/**
 * `/healthz` and `/readyz`: whether the process lives, and whether it can do its work.
 *
 * @module
 */
import { z } from "zod";
import { Failure } from "../core/contracts/failure.ts";
import { document } from "./answers.ts";
import { defineRoute, type Route } from "./route.ts";

const state: z.ZodType<{ status: string }> = z.object({ status: z.string() });

/** The routes of health; `ready` throws a Failure `transient` that says why the server cannot work now. */
export function healthRoutes(ready: () => Promise<void>): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/healthz",
      name: "health",
      tag: "service",
      summary: "Whether the process lives",
      description: "Constant work: it looks at nothing.",
      capability: null,
      answer: document(state, "It lives"),
      handle: () => ({ status: "ok" }),
    }),
    defineRoute({
      method: "get",
      path: "/readyz",
      name: "readiness",
      tag: "service",
      summary: "Whether the server can do its work: the database answers, runs are picked up",
      capability: null,
      failures: [503],
      answer: document(state, "It can"),
      handle: async () => {
        await within(ready(), READY_WITHIN);
        return { status: "ready" };
      },
    }),
  ];
}

/** Milliseconds that the look may take: probes give up after a few seconds. */
const READY_WITHIN = 2_000;

async function within(work: Promise<void>, milliseconds: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Failure("transient", `The database did not answer within ${milliseconds} ms`)),
    milliseconds,
  );
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
