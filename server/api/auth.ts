/**
 * `/api/auth`: saved authorisations. What was configured is write-only: no answer holds it (SPEC §4).
 *
 * @module
 */
import { z } from "zod";
import type { Auths } from "../../core/engine/runtime.ts";
import type { Registry } from "../../core/engine/registry.ts";
import { made, nothing, one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { auth, authResource } from "./auth_resource.ts";
import { checkProvider, configOf, createBody, freeLabel, methodOf, updateBody } from "./auth_input.ts";
import { checkResult } from "./schemas.ts";

const authParam = { id: "Id or label of the auth" };

/** The routes of auths. */
export function authRoutes(auths: Auths, registry: Registry): readonly Route[] {
  return [...keeping(auths, registry), ...using(auths)];
}

/** Making, reading, changing and removing. */
function keeping(auths: Auths, registry: Registry): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/auth",
      name: "listAuths",
      tag: "auth",
      summary: "List auths",
      answer: one(z.array(auth), "The auths"),
      handle: async () => (await auths.list()).map((view) => authResource(view, registry)),
    }),
    defineRoute({
      method: "post",
      path: "/api/auth",
      name: "createAuth",
      tag: "auth",
      summary: "Create an auth",
      description: "The config is encrypted where it is secret, and never returned. Check it afterwards.",
      body: createBody(registry),
      failures: [404, 409],
      answer: made(201, auth, ({ id }) => `/api/auth/${id}`),
      handle: async ({ body }) => {
        const method = methodOf(body, registry);
        const { label = freeLabel(method, await auths.list()), description, config } = body;
        const view = await auths.create({
          method,
          label,
          ...(description === undefined ? {} : { description }),
          config: configOf(config),
        });
        return authResource(view, registry);
      },
    }),
    defineRoute({
      method: "get",
      path: "/api/auth/{id}",
      name: "getAuth",
      tag: "auth",
      summary: "Show an auth",
      params: authParam,
      answer: one(auth),
      handle: async ({ params }) => authResource(await auths.get(params.id), registry),
    }),
    defineRoute({
      method: "put",
      path: "/api/auth/{id}",
      name: "updateAuth",
      tag: "auth",
      summary: "Change an auth",
      description: "Config is merged by name: what is left out stays, secrets included; null removes.",
      params: authParam,
      body: updateBody,
      failures: [409],
      answer: one(auth),
      handle: async ({ params, body: { provider_id, method, config, ...change } }) => {
        if (provider_id !== undefined || method !== undefined) {
          checkProvider(await auths.get(params.id), provider_id, method);
        }
        const view = await auths.update(params.id, {
          ...change,
          ...(config === undefined ? {} : { config: configOf(config) }),
        });
        return authResource(view, registry);
      },
    }),
    defineRoute({
      method: "delete",
      path: "/api/auth/{id}",
      name: "deleteAuth",
      tag: "auth",
      summary: "Delete an auth",
      params: authParam,
      failures: [409],
      answer: nothing(),
      handle: ({ params }) => auths.delete(params.id),
    }),
  ];
}

/** Checking, and trusting what the other side proves to be. */
function using(auths: Auths): readonly Route[] {
  return [
    defineRoute({
      method: "post",
      path: "/api/auth/{id}/check",
      name: "checkAuth",
      tag: "auth",
      summary: "Connect and look at everything that a job will need",
      description: "Answers 200 with one entry for each thing looked at, whether it works or not. " +
        "Pins the other side's identity where none is pinned yet.",
      params: authParam,
      failures: [422, 503],
      answer: one(z.array(checkResult), "What was looked at"),
      handle: ({ params, signal }) => Array.fromAsync(auths.check(params.id, { signal })),
    }),
    defineRoute({
      method: "post",
      path: "/api/auth/{id}/trust-host-key",
      name: "trustHostKey",
      tag: "auth",
      summary: "Forget the pinned host key, connect, and pin the one that is there now",
      params: authParam,
      failures: [422, 503],
      answer: one(
        z.object({
          before: z.string().nullable().describe("Fingerprint that was pinned"),
          now: z.string().describe("Fingerprint that is pinned now"),
        }),
        "Both fingerprints",
      ),
      handle: ({ params, signal }) => auths.trustPeer(params.id, { signal }),
    }),
  ];
}
