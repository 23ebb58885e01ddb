/**
 * `/api/stream`: the streams that imports feed.
 *
 * @module
 */
import { z } from "zod";
import type { Streams } from "../../core/engine/runtime.ts";
import { one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { stream, streamField } from "./schemas.ts";

/** The routes of streams. */
export function streamRoutes(streams: Streams): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/stream",
      name: "listStreams",
      tag: "stream",
      summary: "List streams",
      answer: one(z.array(stream), "The streams"),
      handle: () => streams.list(),
    }),
    defineRoute({
      method: "get",
      path: "/api/stream/{name}",
      name: "getStream",
      tag: "stream",
      summary: "Show a stream",
      params: { name: "The stream" },
      answer: one(stream),
      handle: ({ params }) => streams.get(params.name),
    }),
    defineRoute({
      method: "get",
      path: "/api/stream/{name}/fields",
      name: "listStreamFields",
      tag: "stream",
      summary: "List a stream's fields, with fill rate and examples",
      params: { name: "The stream" },
      answer: one(z.array(streamField), "Its fields"),
      handle: ({ params }) => streams.fields(params.name),
    }),
  ];
}
