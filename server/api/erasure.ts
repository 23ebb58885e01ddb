/**
 * Erasures: `DELETE /api/entity/…` and its status as documented, and `/api/erasure` for their list.
 *
 * @module
 */
import { z } from "zod";
import { Failure } from "../../core/contracts/failure.ts";
import type { ErasureView } from "../../core/engine/views.ts";
import { document, one, page } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { pageCursor, pageLimit } from "./inputs.ts";

const STATES = ["initial", "primary", "archive", "secondary", "done"] as const;

const erasure: z.ZodType<ErasureView> = z.object({
  request_id: z.string(),
  state: z.enum(STATES),
  completed: z.boolean(),
  refused: z.boolean().describe("Whether data for the erased identities is refused"),
  run_id: z.string().describe("The run that does it"),
  created_at: z.iso.datetime(),
  completed_at: z.iso.datetime().nullable(),
}).meta({ id: "Erasure" });

const requested = z.object({
  status: z.literal(200),
  message: z.literal("delete request received"),
  data: z.object({ request_id: z.string(), completed: z.boolean() }),
}).meta({ id: "DeleteRequest" });

const status = z.object({
  status: z.literal(200),
  message: z.literal("delete request received"),
  data: z.object({
    request_id: z.string(),
    state: z.object({ current: z.enum(STATES) }),
    completed: z.boolean(),
  }),
}).meta({ id: "DeleteStatus" });

const MESSAGE = "delete request received";

/** A route that erases. The table `content` has a path of its own, since other tokens read it. */
function erases(name: string, path: string, content?: string): Route {
  const identity = { field: "A field that identifies", value: "Its value" };
  const params: Readonly<Record<"field" | "value", string> & Partial<Record<"table", string>>> = content === undefined
    ? { table: "Profile table", ...identity }
    : identity;
  return defineRoute({
    method: "delete",
    path,
    name,
    capability: "entity.erase",
    tag: "erasure",
    summary: "Have a profile erased",
    description: "The profile is found no more; its data is refused, and removed everywhere, by a run. The answer's " +
      "`request_id` tells how far that is.",
    params,
    failures: [400, 404],
    answer: document(requested, "The request was taken"),
    handle: async ({ engine, params: { table = content, field, value } }) => {
      const options = table === undefined ? {} : { table };
      // Look-ups take no id either: the documents have a name here, and by an id nobody sees that `content` is meant.
      if (table !== undefined && /^\d+$/.test(table)) {
        throw new Failure("config", `There is no profile table "${table}"`, {
          code: "not_found",
          hint: "Give the table's name",
        });
      }
      const { request_id, completed } = await engine.erasures.request(field, value, options);
      return { status: 200 as const, message: MESSAGE as typeof MESSAGE, data: { request_id, completed } };
    },
  });
}

/** The routes of erasures. */
export const erasureRoutes: readonly Route[] = [
  erases("eraseEntity", "/api/entity/{table}/{field}/{value}"),
  erases("eraseContentEntity", "/api/entity/content/{field}/{value}", "content"),
  defineRoute({
    method: "get",
    path: "/api/entity/deletestatus/{id}",
    name: "getDeleteStatus",
    capability: "entity.erase",
    tag: "erasure",
    summary: "Show how far an erasure is",
    params: { id: "Its `request_id`" },
    failures: [404],
    answer: document(status, "How far it is"),
    handle: async ({ engine, params: { id } }) => {
      const { request_id, state, completed } = await engine.erasures.get(id);
      const data = { request_id, state: { current: state }, completed };
      return { status: 200 as const, message: MESSAGE as typeof MESSAGE, data };
    },
  }),
  defineRoute({
    method: "get",
    path: "/api/erasure",
    name: "listErasures",
    capability: "entity.erase",
    tag: "erasure",
    summary: "List erasures, newest first",
    query: z.strictObject({ cursor: pageCursor.exactOptional(), limit: pageLimit.exactOptional() }),
    failures: [404],
    answer: page(erasure),
    handle: ({ engine, query }) => engine.erasures.list(query),
  }),
  defineRoute({
    method: "get",
    path: "/api/erasure/{id}",
    name: "getErasure",
    capability: "entity.erase",
    tag: "erasure",
    summary: "Show an erasure",
    params: { id: "Its `request_id`" },
    failures: [404],
    answer: one(erasure),
    handle: ({ engine, params: { id } }) => engine.erasures.get(id),
  }),
  defineRoute({
    method: "post",
    path: "/api/erasure/{id}/lift",
    name: "liftErasure",
    capability: "entity.erase",
    tag: "erasure",
    summary: "Take data for the erased again",
    description: "Where the account's setting `suppress_erased` refuses it for ever.",
    params: { id: "Its `request_id`" },
    failures: [404, 409],
    answer: one(erasure),
    handle: ({ engine, params: { id } }) => engine.erasures.lift(id),
  }),
];
