/**
 * `/api/audit`: who changed what.
 *
 * @module
 */
import { z } from "zod";
import type { AuditView } from "../../core/engine/views.ts";
import { page } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { pageCursor, pageLimit } from "./inputs.ts";
import { jsonValue } from "./schemas.ts";

const entry: z.ZodType<AuditView> = z.object({
  sequence: z.int().min(1).describe("Its place in the account's log"),
  at: z.iso.datetime(),
  actor: z.object({
    kind: z.enum(["token", "apikey", "user", "system", "link"]).describe(
      "`token`: a caller of this API; `apikey`: one of the bulk APIs; `user`: somebody at the command line; `system`: Waybill itself; " +
        "`link`: whoever has a signed link",
    ),
    id: z.string().nullable().describe("Id of the token or of the link's artifact, the API key, number of the user"),
    name: z.string(),
  }),
  action: z.string().describe("`create`, `update`, `delete`, …"),
  kind: z.string().describe("What was changed: `auth`, `token`, `job`, …"),
  id: z.string(),
  label: z.string(),
  detail: z.record(z.string(), jsonValue).describe("More about it; never a secret"),
  hash: z.string().describe("SHA-256 over the hash before it and all of the above"),
}).meta({ id: "AuditEntry" });

/** The route of the audit log. */
export const auditRoutes: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/audit",
    name: "listAudit",
    capability: "audit.read",
    tag: "account",
    summary: "List who changed what, newest first",
    description: "`waybill audit verify` checks that nothing in it was changed.",
    query: z.strictObject({ cursor: pageCursor.exactOptional(), limit: pageLimit.exactOptional() }),
    answer: page(entry),
    handle: ({ engine, query }) => engine.audit.list(query),
  }),
];
