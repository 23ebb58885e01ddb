import assert from "node:assert/strict";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import type { Route } from "./route.ts";
import { openTestServer, type TestServer } from "./server_testing.ts";

/** The path with something for each parameter that is nowhere to be found. */
function pathOf(route: Route): string {
  return route.path.replaceAll(/\{\w+\}/g, "no-such-thing");
}

function requestOf(route: Route): string {
  return `${route.method.toUpperCase()} ${pathOf(route)}`;
}

/** Those that are not the bulk APIs: `bulk/routes_test.ts` looks at them. */
function routesOf({ app }: TestServer): readonly Route[] {
  return app.routes.filter(({ path }) => !path.startsWith("/v1/"));
}

Deno.test("every route under /api, and no other, needs a token", async () => {
  await using server = await openTestServer();
  for (const route of routesOf(server)) {
    const reply = await server.call(requestOf(route), { token: null });
    assert.equal(reply.status === 401, route.path.startsWith("/api/"), requestOf(route));
    if (reply.status === 401) {
      assert.match(reply.headers.get("www-authenticate") ?? "", /^Bearer/);
      assert.deepEqual(Object.keys(reply.json), ["status", "message", "kind", "hint", "request_id"]);
    }
  }
});

Deno.test("every route under /api refuses a token that is not known", async () => {
  await using server = await openTestServer();
  for (const route of routesOf(server).filter(({ path }) => path.startsWith("/api/"))) {
    assert.equal((await server.call(requestOf(route), { token: "nobody's" })).status, 401, requestOf(route));
  }
});

Deno.test("every route whose path names a thing answers 404 for one that is not there", async () => {
  await using server = await openTestServer();
  // A route that answers 201 makes the thing that its path names, as an upload makes its stream.
  const routes = routesOf(server).filter(({ params, answer, content }) =>
    Object.keys(params).length > 0 && answer.status !== 201 && content === undefined
  );
  assert.ok(routes.length > 0);
  for (const route of routes) {
    const reply = await server.call(requestOf(route), route.body === undefined ? {} : { json: {} });
    assert.equal(reply.status, 404, `${requestOf(route)}: ${reply.text}`);
    // A link that is not good is answered alike, whatever stands in it.
    assert.match(reply.json.message, /no-such-thing|"content"|^The link is not good/);
  }
});

Deno.test("every route with a body refuses what is no JSON, not sent as JSON, unknown or too large", async () => {
  await using server = await openTestServer();
  const routes = routesOf(server).filter(({ body }) => body !== undefined);
  assert.ok(routes.length > 0);
  const type = { "content-type": "application/json" };
  for (const route of routes) {
    const request = requestOf(route);
    assert.equal((await server.call(request, { body: '{"a', headers: type })).status, 400, request);
    assert.equal((await server.call(request, { body: "[1]", headers: type })).status, 400, request);
    assert.equal((await server.call(request, { body: new Uint8Array([0x22, 0xff, 0x22]), headers: type })).status, 400);
    // Where a body is of one of several types, none is known before its type is.
    assert.match(
      (await server.call(request, { json: { nonsense: 1 } })).json.message,
      /"nonsense" is not known|^An account has no "nonsense"$|^Body field "type" must be one of /,
    );
    for (const proto of ['{"__proto__":{"a":1}}', '{"config":{"\\u005f_proto_\\u005F":"x"}}']) {
      const reply = await server.call(request, { body: proto, headers: type });
      assert.deepEqual([reply.status, reply.json.message], [400, 'Body field "__proto__" is not known'], request);
    }
    assert.equal((await server.call(request, { body: "a=b" })).status, 415, request);
    const large = await server.call(request, { body: " ".repeat(1024 * 1024 + 1), headers: type });
    assert.equal(large.status, 413, request);
  }
});

Deno.test("every route refuses query parameters that it does not know, and those given twice", async () => {
  await using server = await openTestServer();
  for (const route of routesOf(server).filter(({ name }) => name !== "fetchFile")) {
    const reply = await server.call(`${requestOf(route)}?nonsense=1`);
    assert.equal(reply.status, 400);
    assert.match(reply.json.message, /Query parameter "nonsense" is not known$/);
  }
  assert.equal((await server.call("GET /api/run?limit=1&limit=2")).status, 400);
});

onEachDatabase("what no database stores names nothing, and is refused wherever it is sent", async (databases) => {
  await databases.useInHomes();
  await using server = await openTestServer();
  for (const route of routesOf(server)) {
    const method = route.method.toUpperCase(), path = route.path.replaceAll(/\{\w+\}/g, "a%00b");
    // One that answers 201 makes what its path names.
    const isNamed = path !== route.path && route.answer.status !== 201 && route.content === undefined;
    const reply = await server.call(`${method} ${path}`, route.body === undefined ? {} : { json: {} });
    if (isNamed) assert.equal(reply.status, 404, `${method} ${path}: ${reply.text}`);
    assert.ok(reply.status < 500, `${method} ${path}: ${reply.text}`);
    for (const name of route.name === "fetchFile" ? [] : Object.keys(route.query.shape)) {
      const asked = await server.call(`${requestOf(route)}?${name}=%00`);
      assert.equal(asked.status, 400, `${requestOf(route)}?${name}`);
    }
    if (route.body === undefined) continue;
    for (const json of [{ label: "\0" }, { description: "\ud800" }, { config: [{ "\udfff\0": 1 }] }]) {
      const { status, json: { message } } = await server.call(requestOf(route), { json });
      assert.deepEqual([status, /^The request body holds U\+0000, or half of a surrogate pair/.test(message)], [
        400,
        true,
      ]);
    }
  }
});

Deno.test("every path answers 405 with what it allows to a method that it lacks", async () => {
  await using server = await openTestServer();
  for (const path of new Set(routesOf(server).map(pathOf))) {
    const reply = await server.call(`PATCH ${path}`);
    assert.equal(reply.status, 405, path);
    const methods = routesOf(server).filter((route) => pathOf(route) === path).map(({ method }) => method);
    const allowed = methods.flatMap((method) => method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()]);
    assert.deepEqual(reply.headers.get("allow")?.split(", "), allowed.sort(), path);
  }
});

Deno.test("HEAD answers as GET does, without a body", async () => {
  await using server = await openTestServer();
  const routes = routesOf(server).filter(({ method }) => method === "get");
  for (const route of routes) {
    const [got, head] = [await server.call(`GET ${pathOf(route)}`), await server.call(`HEAD ${pathOf(route)}`)];
    assert.deepEqual([head.status, head.text], [got.status, ""], route.path);
    assert.equal(head.headers.get("content-type"), got.headers.get("content-type"));
  }
});

Deno.test("every answer carries the headers that restrain a browser, and /api's may not be stored", async () => {
  await using server = await openTestServer();
  for (const route of routesOf(server)) {
    const { headers } = await server.call(requestOf(route));
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
    const cached = route.name === "fetchFile" ? "private, no-store, no-transform" : null;
    assert.equal(headers.get("cache-control"), route.path.startsWith("/api/") ? "no-store" : cached);
  }
});

Deno.test("routes name the parameters of their paths, and have names of their own", async () => {
  await using server = await openTestServer();
  for (const { path, params } of server.app.routes) {
    assert.deepEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name), Object.keys(params));
  }
  const names = server.app.routes.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});
