/**
 * `/api/app`: sub-scopes of the account, each with a profile table of its own.
 *
 * @module
 */
import { z } from "zod";
import type { AppView } from "../../core/engine/views.ts";
import { made, nothing, one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";

const app: z.ZodType<AppView> = z.object({
  app_id: z.string().describe("23 hex digits, a dash and a UUID: what the bulk APIs call it"),
  name: z.string(),
  org_id: z.int().describe("What the bulk APIs call the account"),
  table: z.string().describe("Name of its profile table"),
  profiledb_id: z.int().describe("Id of its profile table"),
  created_at: z.iso.datetime(),
}).meta({ id: "App" });

const appParam = { id: "Id or name of the app" };
const name = z.string().min(1).describe("What to call it: unique in the account");

/** The routes of apps. */
export const appRoutes: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/app",
    name: "listApps",
    capability: "app.read",
    tag: "app",
    summary: "List apps",
    answer: one(z.array(app), "The apps"),
    handle: ({ engine }) => engine.apps.list(),
  }),
  defineRoute({
    method: "post",
    path: "/api/app",
    name: "createApp",
    capability: "app.write",
    tag: "app",
    summary: "Make an app, with a profile table of its own",
    body: z.strictObject({ name }),
    failures: [409],
    answer: made(201, app, ({ app_id }) => `/api/app/${app_id}`),
    handle: ({ engine, body }) => engine.apps.create(body),
  }),
  defineRoute({
    method: "get",
    path: "/api/app/{id}",
    name: "getApp",
    capability: "app.read",
    tag: "app",
    summary: "Show an app",
    params: appParam,
    answer: one(app),
    handle: ({ engine, params }) => engine.apps.get(params.id),
  }),
  defineRoute({
    method: "put",
    path: "/api/app/{id}",
    name: "updateApp",
    capability: "app.write",
    tag: "app",
    summary: "Rename an app: its id and table stay",
    params: appParam,
    body: z.strictObject({ name: name.exactOptional() }),
    failures: [409],
    answer: one(app),
    handle: ({ engine, params, body }) => engine.apps.update(params.id, body),
  }),
  defineRoute({
    method: "delete",
    path: "/api/app/{id}",
    name: "deleteApp",
    capability: "app.write",
    tag: "app",
    summary: "Delete an app: its id opens nothing from then on",
    description: "Its profile table stays, with what is in it.",
    params: appParam,
    answer: nothing(),
    handle: async ({ engine, params }) => {
      await engine.apps.delete(params.id);
    },
  }),
];
