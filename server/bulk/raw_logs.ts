/**
 * Raw logs: events of apps are collected, and fetched by the hour.
 *
 * @module
 */
import { z } from "zod";
import type { CollectedView } from "../../core/engine/raw_logs/views.ts";
import { keyOf } from "../api/upload.ts";
import type { Route } from "../route.ts";
import { bare, redirect } from "./answers.ts";
import { bulkRoute } from "./bulk_route.ts";
import { requireApp } from "./scope.ts";

const collected: z.ZodType<CollectedView> = z.object({
  accepted: z.int().describe("Events that are kept, the late ones included"),
  late: z.int().describe("Those whose hour was complete: they are in the hour of their arrival, with `late: true`"),
  refused: z.int().describe("Events of people who are being erased: they are not kept"),
}).meta({ id: "CollectedEvents" });

/** The routes of raw logs. */
export const rawLogRoutes: readonly Route[] = [
  bulkRoute({
    method: "post",
    path: "/v1/apps/{app_id}/events",
    name: "collectEvents",
    bucket: null,
    summary: "Send events of an app",
    description: "JSON lines: one event, or one a line, of type `e` (event), `s` (session) or `c` (close); 10 MB at " +
      "most, unpacked. They are on the disk before the answer. A batch with a line that is wrong is refused as a whole.",
    params: { app_id: "The app" },
    content: ["application/x-ndjson", "application/json", "text/plain"],
    headers: {
      "Idempotency-Key": "A text of the caller's: the same batch with the same key is taken once within 24 hours",
      "Content-Encoding": "`gzip` for a body that is packed",
    },
    failures: [403, 409, 503],
    answer: bare(collected, "They are kept"),
    handle: async ({ engine, params: { app_id }, content: { stream, gzip, size }, header, signal }) => {
      const app = await requireApp(engine, app_id);
      return await engine.rawLogs.collect(app.app_id, {
        stream,
        gzip,
        signal,
        ...(size === undefined ? {} : { size }),
        ...keyOf(header("Idempotency-Key")),
      });
    },
  }),
  bulkRoute({
    method: "get",
    path: "/v1/exports/analytics/logs/{app_uuid}/{year}/{month}/{day}/{hour}",
    name: "exportLogs",
    bucket: "log-export",
    summary: "Fetch the raw logs of an hour",
    description:
      "A gzip file of JSON lines. An hour is there from 10 minutes after its end on, for 30 days; whatever " +
      "else is asked for is not found.",
    params: {
      app_uuid: "The app",
      year: "Four digits",
      month: "1 or 01 to 12",
      day: "1 or 01 to 31",
      hour: "0 or 00 to 23, in UTC",
    },
    answer: redirect("The way to the file: a signed link, good for 48 hours"),
    handle: ({ engine, params: { app_uuid, ...hour }, origin }) =>
      engine.rawLogs.link({ app: app_uuid, ...hour, origin }),
  }),
];
