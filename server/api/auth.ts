/**
 * `/api/auth`: saved authorisations. What was configured is write-only: no answer holds it (SPEC §4).
 *
 * @module
 */
import { z } from "zod";
import { Failure } from "../../core/contracts/failure.ts";
import { may } from "../../core/engine/capabilities.ts";
import { isId } from "../../core/engine/ids.ts";
import type { Registry } from "../../core/engine/registry.ts";
import type { Engine } from "../../core/engine/runtime.ts";
import { made, nothing, one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { auth, type AuthResource, authResource, tokenResource } from "./auth_resource.ts";
import { checkProvider, configOf, createBody, methodOf, oauthOf, updateBody } from "./auth_input.ts";
import { checkAuth, checkReport } from "./auth_check.ts";

const authParam = { id: "Id or label of the auth" };

/** The routes of auths. */
export function authRoutes(registry: Registry): readonly Route[] {
  return [...making(registry), ...keeping(), ...using()];
}

/** Making: under an id that Waybill chooses, or under one that the caller does. */
function making(registry: Registry): readonly Route[] {
  const body = createBody(registry);
  const create = async ({ auths }: Engine, given: z.output<typeof body>, id?: string) => {
    const method = methodOf(given, registry);
    const { label, description, config } = given;
    const view = await auths.create({
      method,
      ...(label === undefined ? {} : { label }),
      ...(description === undefined ? {} : { description }),
      ...(id === undefined ? {} : { id }),
      config: configOf(config),
      ...oauthOf(given),
    });
    return authResource(view);
  };
  const shared = {
    method: "post",
    tag: "auth",
    capability: "auth.write",
    description: "The config is encrypted where it is secret, and never returned. Check it afterwards.",
    body,
    answer: made(201, auth, ({ id }) => `/api/auth/${id}`),
  } as const;
  return [
    defineRoute({
      ...shared,
      path: "/api/auth",
      name: "createAuth",
      summary: "Create an auth",
      failures: [404, 409],
      handle: ({ engine, body }) => create(engine, body),
    }),
    defineRoute({
      ...shared,
      path: "/api/auth/{id}",
      name: "createAuthWithId",
      summary: "Create an auth with an id of your choice",
      params: { id: "Free id: 32 hex digits in lower case" },
      failures: [409],
      handle: ({ engine, params, body }) => create(engine, body, params.id),
    }),
  ];
}

/** Reading, changing and removing. */
function keeping(): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/auth",
      name: "listAuths",
      capability: "auth.read",
      tag: "auth",
      summary: "List auths",
      answer: one(z.array(auth), "The auths"),
      handle: async ({ engine }) => (await engine.auths.list()).map(authResource),
    }),
    defineRoute({
      method: "get",
      path: "/api/auth/{id}",
      name: "getAuth",
      capability: "auth.read",
      tag: "auth",
      summary: "Show an auth, or the token with this id",
      params: authParam,
      answer: one(auth),
      handle: ({ engine: { actor, auths, tokens }, params: { id } }) =>
        authOrToken<AuthResource>(
          id,
          async () => authResource(await auths.get(id)),
          may(actor, "token.read") && (async () => tokenResource(await tokens.get(id))),
        ),
    }),
    defineRoute({
      method: "put",
      path: "/api/auth/{id}",
      name: "updateAuth",
      capability: "auth.write",
      tag: "auth",
      summary: "Change an auth",
      description: "Config is merged by name: what is left out stays, secrets included; null removes.",
      params: authParam,
      body: updateBody,
      failures: [409],
      answer: one(auth),
      handle: async ({ engine: { auths }, params, body }) => {
        const { provider_id, method, label, description, config } = body;
        if (provider_id !== undefined || method !== undefined) {
          checkProvider(await auths.get(params.id), provider_id, method);
        }
        const view = await auths.update(params.id, {
          ...(label === undefined ? {} : { label }),
          ...(description === undefined ? {} : { description }),
          ...(config === undefined ? {} : { config: configOf(config) }),
          ...oauthOf(body),
        });
        return authResource(view);
      },
    }),
    defineRoute({
      method: "delete",
      path: "/api/auth/{id}",
      name: "deleteAuth",
      capability: "auth.write",
      tag: "auth",
      summary: "Delete an auth, or the token with this id",
      description: "Its runs are stopped, and its jobs paused until they have another one. " +
        "The last token with scope `admin` is not deleted.",
      params: authParam,
      failures: [409],
      answer: nothing(),
      handle: async ({ engine: { actor, auths, tokens }, params: { id } }) => {
        await authOrToken<unknown>(
          id,
          () => auths.delete(id),
          may(actor, "token.write") && (() => tokens.delete(id, { keepAdmin: true })),
        );
      },
    }),
  ];
}

/**
 * A token's id is an auth's, too (SPEC §4): what is no auth may be a token. To callers without a say over tokens there
 * is none.
 */
async function authOrToken<T>(
  id: string,
  withAuth: () => Promise<T>,
  withToken: (() => Promise<T>) | false,
): Promise<T> {
  try {
    return await withAuth();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "not_found" || !isId(id) || !withToken) throw error;
    try {
      return await withToken();
    } catch (other) {
      // The caller asked for an auth.
      throw other instanceof Failure && other.code === "not_found" ? error : other;
    }
  }
}

/** Checking, and trusting what the other side proves to be. */
function using(): readonly Route[] {
  return [
    defineRoute({
      method: "post",
      path: "/api/auth/{id}/check",
      name: "checkAuth",
      capability: "auth.write",
      tag: "auth",
      summary: "Connect and look at everything that a job will need",
      description: "Answers 200 with one entry for each thing looked at, whether it works or not. " +
        "Pins the other side's identity where none is pinned yet.",
      params: authParam,
      answer: one(checkReport, "What was looked at"),
      handle: ({ engine, params, signal }) => checkAuth(engine.auths, params.id, signal),
    }),
    defineRoute({
      method: "post",
      path: "/api/auth/{id}/trust-host-key",
      name: "trustHostKey",
      capability: "auth.write",
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
      handle: ({ engine, params, signal }) => engine.auths.trustPeer(params.id, { signal }),
    }),
  ];
}
