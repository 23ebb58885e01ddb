/**
 * `/api/stream`: the streams that imports feed.
 *
 * @module
 */
import { z } from "zod";
import { one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { stream, streamField } from "./schemas.ts";

/** The routes of streams. */
export const streamRoutes: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/stream",
    name: "listStreams",
    capability: "stream.read",
    tag: "stream",
    summary: "List streams",
    answer: one(z.array(stream), "The streams"),
    handle: ({ engine }) => engine.streams.list(),
  }),
  defineRoute({
    method: "get",
    path: "/api/stream/{name}",
    name: "getStream",
    capability: "stream.read",
    tag: "stream",
    summary: "Show a stream",
    params: { name: "The stream" },
    answer: one(stream),
    handle: ({ engine, params }) => engine.streams.get(params.name),
  }),
  defineRoute({
    method: "get",
    path: "/api/stream/{name}/fields",
    name: "listStreamFields",
    capability: "stream.read",
    tag: "stream",
    summary: "List a stream's fields, with fill rate and examples",
    params: { name: "The stream" },
    answer: one(z.array(streamField), "Its fields"),
    handle: ({ engine, params }) => engine.streams.fields(params.name),
  }),
];
