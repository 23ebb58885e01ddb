/** What holds for every endpoint of the bulk APIs, whatever it does. */
import assert from "node:assert/strict";
import type { Route } from "../route.ts";
import { type BulkServer, openBulkServer } from "./bulk_testing.ts";

/** The path with something for each parameter that is nowhere to be found. */
function pathOf(route: Route): string {
  return route.path.replaceAll(/\{\w+\}/g, "no-such-thing");
}

function requestOf(route: Route): string {
  return `${route.method.toUpperCase()} ${pathOf(route)}`;
}

function routesOf({ app }: BulkServer): readonly Route[] {
  return app.routes.filter(({ path }) => path.startsWith("/v1/"));
}

Deno.test("every endpoint needs an API key, which no token stands for, and tells nobody else what it is", async () => {
  await using server = await openBulkServer({ runner: "none" });
  assert.ok(routesOf(server).length > 0);
  for (const route of routesOf(server)) {
    for (const token of [null, server.token]) {
      const { status, headers, json } = await server.call(requestOf(route), { token });
      assert.deepEqual([status, Object.keys(json)], [401, ["error", "message"]], requestOf(route));
      assert.match(headers.get("www-authenticate") ?? "", /^Basic/);
      assert.equal(headers.get("ratelimit"), null);
    }
  }
});

Deno.test("every endpoint answers 403 or 404 for what is not there, 400 for a query that it does not know", async () => {
  await using server = await openBulkServer({ runner: "none" });
  for (const route of routesOf(server)) {
    const unknown = await server.bulk(`${requestOf(route)}?nonsense=1`);
    assert.deepEqual([unknown.status, unknown.json.error], [400, "bad_request"], requestOf(route));
    if (Object.keys(route.params).length === 0) continue;
    const absent = await server.bulk(requestOf(route));
    assert.ok([403, 404].includes(absent.status), `${requestOf(route)}: ${absent.text}`);
  }
});

Deno.test("every path answers 405 with what it allows, and is the same with a slash at its end", async () => {
  await using server = await openBulkServer({ runner: "none" });
  for (const path of new Set(routesOf(server).map(pathOf))) {
    const bare = path.replace(/\/$/, "");
    for (const spelled of [bare, `${bare}/`]) {
      const reply = await server.bulk(`PATCH ${spelled}`);
      assert.equal(reply.status, 405, spelled);
      const methods = routesOf(server).filter((route) => pathOf(route) === path).map(({ method }) => method);
      const allowed = methods.flatMap((method) => method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()]);
      assert.deepEqual(reply.headers.get("allow")?.split(", "), allowed.sort(), spelled);
    }
  }
});

Deno.test("every answer of a limited endpoint tells its limit, may not be stored, and restrains a browser", async () => {
  await using server = await openBulkServer({ runner: "none" });
  for (const route of routesOf(server)) {
    const { headers } = await server.bulk(requestOf(route));
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    const [, named] = /^"([\w-]+)";q=\d+;w=\d+$/.exec(headers.get("ratelimit-policy") ?? "") ?? [];
    assert.equal(named ?? null, route.bucket, requestOf(route));
  }
});
