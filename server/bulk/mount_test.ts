import assert from "node:assert/strict";
import { z } from "zod";
import { Failure } from "../../core/contracts/failure.ts";
import { createLog } from "../../core/engine/log.ts";
import { onEachDatabase } from "../../core/testing/each_database_testing.ts";
import type { Route } from "../route.ts";
import { targetOf } from "../route_table.ts";
import { openTestServer, type TestServer } from "../server_testing.ts";
import { bare, redirect } from "./answers.ts";
import { bulkRoute } from "./bulk_route.ts";
import { mountBulk } from "./mount.ts";
import { requireApp, requireOrg } from "./scope.ts";

const named = z.object({ name: z.string() });

/** Endpoints such as there will be. */
const ROUTES: readonly Route[] = [
  bulkRoute({
    method: "get",
    path: "/v1/things/",
    name: "listThings",
    bucket: null,
    summary: "List things",
    answer: bare(z.array(named), "The things"),
    handle: ({ engine }) => [{ name: engine.actor.name }],
  }),
  bulkRoute({
    method: "post",
    path: "/v1/things/",
    name: "createThing",
    bucket: "profile-import",
    summary: "Make one",
    query: z.strictObject({ app_id: z.string().exactOptional(), org_id: z.string().exactOptional() }),
    answer: bare(named, "It is queued", 202),
    handle: async ({ engine, query: { app_id, org_id } }) => {
      if (org_id !== undefined) await requireOrg(engine, org_id);
      return { name: app_id === undefined ? "none" : (await requireApp(engine, app_id)).name };
    },
  }),
  bulkRoute({
    method: "put",
    path: "/v1/things/{id}",
    name: "replaceThing",
    bucket: null,
    summary: "Replace one",
    params: { id: "Its id" },
    answer: bare(named, "It"),
    handle: ({ params: { id } }) => {
      if (id === "bug") throw new TypeError("secret of the house");
      throw new Failure("config", `There is no thing "${id}"`, { code: "not_found", hint: "See `waybill app list`" });
    },
  }),
  bulkRoute({
    method: "post",
    path: "/v1/things/{id}/name",
    name: "renameThing",
    bucket: null,
    summary: "Rename one",
    params: { id: "Its id" },
    answer: bare(named, "It"),
    handle: ({ params: { id } }) => ({ name: id }),
  }),
  bulkRoute({
    method: "get",
    path: "/v1/files/{id}",
    name: "getFile",
    bucket: null,
    summary: "Fetch one",
    params: { id: "Its id" },
    answer: redirect("The way to it"),
    handle: ({ params: { id } }) => `https://files.example/${id}`,
  }),
];

function basic(key: string, secret: string): string {
  return `Basic ${new TextEncoder().encode(`${key}:${secret}`).toBase64()}`;
}

/** Calls the endpoints with a key of the server's account. */
async function callerOf(server: TestServer) {
  const { api_key, api_secret } = await server.runtime.apiKeys.create({ name: "warehouse" });
  const lines: string[] = [];
  const log = createLog({ level: "debug", write: (line) => lines.push(line) });
  const { verifyApiKey, admit, as } = server.runtime;
  const handle = mountBulk(ROUTES, { verifyApiKey, admit, as, stopping: new AbortController().signal, log });
  const ask = async (request: string, authorization: string | null = basic(api_key, api_secret)) => {
    const [method = "", path = ""] = request.split(" ");
    const headers = authorization === null ? {} : { authorization };
    const sent = new Request(new URL(path, "http://waybill.test"), { method, headers });
    const response = await handle(sent, targetOf(sent.url), "request-1");
    const text = await response.text();
    const json: ReturnType<typeof JSON.parse> = text === "" ? undefined : JSON.parse(text);
    return { status: response.status, headers: response.headers, json };
  };
  return { ask, api_key, api_secret, lines };
}

onEachDatabase("an API key and its secret open the bulk APIs, whatever the spelling of Basic", async (databases) => {
  await databases.useInHomes();
  await using server = await openTestServer();
  const { ask, api_key, api_secret } = await callerOf(server);
  const good = basic(api_key, api_secret);
  for (const authorization of [good, good.replace("Basic", "basic"), good.replace(" ", "  ")]) {
    const { status, json } = await ask("GET /v1/things/", authorization);
    assert.deepEqual([status, json], [200, [{ name: "warehouse" }]]);
  }
  const wrong: readonly (string | null)[] = [
    null,
    "",
    "Basic",
    "Basic !!",
    `Bearer ${server.token}`,
    basic(api_key, ""),
    basic(api_key, `${api_secret}x`),
    basic(api_secret, api_key),
    basic("", ""),
    `Basic ${new Uint8Array([0xff, 0x3a, 0xff]).toBase64()}`,
    `Basic ${"A".repeat(100_000)}`,
  ];
  for (const authorization of wrong) {
    for (const path of ["GET /v1/things/", "GET /v1/nothing", "POST /v1/things/1"]) {
      const { status, headers, json } = await ask(path, authorization);
      assert.deepEqual([status, json.error, Object.keys(json)], [401, "unauthorized", ["error", "message"]]);
      assert.match(headers.get("www-authenticate") ?? "", /^Basic realm=/);
    }
  }
  await server.runtime.apiKeys.delete(api_key);
  assert.equal((await ask("GET /v1/things/")).status, 401);
});

Deno.test("paths are the same with a slash at their end and without, and with an empty part in them they are not", async () => {
  await using server = await openTestServer();
  const { ask } = await callerOf(server);
  for (const path of ["/v1/things", "/v1/things/"]) assert.equal((await ask(`GET ${path}`)).status, 200);
  for (const path of ["/v1/things/7/name", "/v1/things/7/name/"]) assert.equal((await ask(`POST ${path}`)).status, 200);
  for (const path of ["/v1/things//", "/v1//things", "/v1", "/v1/", "/v1/other"]) {
    const { status, json } = await ask(`GET ${path}`);
    assert.deepEqual([status, json.error], [404, "not_found"], path);
  }
});

Deno.test("a method that a path lacks is answered with those that it has, and the path below that has it", async () => {
  await using server = await openTestServer();
  const { ask } = await callerOf(server);
  const { status, headers, json } = await ask("POST /v1/things/31245");
  assert.deepEqual([status, json.error, headers.get("allow")], [405, "method_not_allowed", "PUT"]);
  assert.match(json.message, /Use PUT, or POST \/v1\/things\/\{id\}\/name$/);
  assert.match((await ask("DELETE /v1/things/31245")).json.message, /Use PUT$/);
  assert.equal((await ask("HEAD /v1/files/7")).status, 302);
});

Deno.test("what goes wrong is told as error and message: what, and what to do; a bug tells the log alone", async () => {
  await using server = await openTestServer();
  const { ask, lines } = await callerOf(server);
  const absent = await ask("PUT /v1/things/7");
  assert.deepEqual([absent.status, absent.json], [404, {
    error: "not_found",
    message: 'There is no thing "7". See `GET /api/app`',
  }]);
  const bug = await ask("PUT /v1/things/bug");
  assert.deepEqual([bug.status, bug.json.error], [500, "internal_error"]);
  assert.match(bug.json.message, /request-1/);
  assert.doesNotMatch(bug.json.message, /secret/);
  assert.match(lines.join("\n"), /secret of the house/);
  const query = await ask("POST /v1/things/?colour=red");
  assert.deepEqual([query.status, query.json.error], [400, "bad_request"]);
  assert.match(query.json.message, /"colour" is not known/);
  const file = await ask("GET /v1/files/7");
  assert.deepEqual([file.status, file.headers.get("location")], [302, "https://files.example/7"]);
});

onEachDatabase("another account's app or organization is answered as one that is not there: 403", async (databases) => {
  await databases.useInHomes();
  await using server = await openTestServer();
  const { ask } = await callerOf(server);
  const { app_id, org_id } = await server.runtime.apps.create({ name: "weather" });
  assert.deepEqual((await ask(`POST /v1/things?app_id=${app_id}`)).json, { name: "weather" });
  assert.equal((await ask(`POST /v1/things?org_id=${org_id}`)).status, 202);
  const absent = app_id.replaceAll(/[0-9a-f]/g, "0");
  for (const query of [`app_id=${absent}`, "app_id=weather", "app_id=", "org_id=2", "org_id=01", "org_id=x"]) {
    const { status, json } = await ask(`POST /v1/things?${query}`);
    assert.deepEqual([status, json.error], [403, "forbidden"], query);
  }
});

onEachDatabase("what counts says how much is left, and the next one is told when to come back", async (databases) => {
  await databases.useInHomes();
  let now = Date.now();
  await using server = await openTestServer({ clock: () => Promise.resolve(now) });
  const { ask } = await callerOf(server);
  for (let left = 9; left >= 0; left--) {
    // Whatever the answer is, the request counts.
    const { status, headers } = await ask(left === 5 ? "POST /v1/things?app_id=x" : "POST /v1/things");
    assert.equal(status, left === 5 ? 403 : 202);
    assert.equal(headers.get("ratelimit-policy"), '"profile-import";q=10;w=3600');
    assert.equal(headers.get("ratelimit"), `"profile-import";r=${left};t=3600`);
    assert.equal(headers.get("ratelimit-remaining"), String(left));
    assert.deepEqual([headers.get("ratelimit-limit"), headers.get("ratelimit-reset")], ["10", "3600"]);
  }
  now += 1_500;
  const refused = await ask("POST /v1/things/");
  assert.deepEqual([refused.status, refused.json.error], [429, "too_many_requests"]);
  assert.equal(refused.headers.get("retry-after"), "3599");
  assert.equal(refused.headers.get("ratelimit-remaining"), "0");
  assert.match(refused.json.message, /10 requests in 3600 s\. Try again in 3599 s/);
  // What does not count is not kept from anybody, and says nothing of limits.
  const free = await ask("GET /v1/things");
  assert.deepEqual([free.status, free.headers.get("ratelimit")], [200, null]);
  now += 3_598_000;
  assert.equal((await ask("POST /v1/things")).status, 429);
  now += 1_000;
  assert.equal((await ask("POST /v1/things")).status, 202);
});

Deno.test("a route that is none of the bulk APIs keeps the server from starting", () => {
  const options = {
    as: () => assert.fail(),
    verifyApiKey: () => assert.fail(),
    admit: () => assert.fail(),
    stopping: new AbortController().signal,
    log: createLog({ write: () => {} }),
  };
  const [route] = ROUTES as [Route];
  mountBulk([route], options);
  for (const wrong of [{ ...route, path: "/api/things" }, { ...route, capability: "auth.read" as const }]) {
    assert.throws(() => mountBulk([wrong], options), /is none of the bulk APIs/);
  }
});
